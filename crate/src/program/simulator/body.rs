//! A robot in the simulator.

use super::library::{CONTROLS, Data, Library, Model, POSITIONS, TIME, VELOCITIES};
use crate::program::error::ProgramError;
use rtb::run::ConfigError;
use rtb::task::control::offline::Robot;
use std::ffi::c_int;
use std::path::Path;

/// A position and the velocity that belongs to it.
const STATE: c_int = POSITIONS | VELOCITIES;

/// A model of a robot.
pub struct Simulator {
    library: Library,
    model: Model,
    pub robot: Robot,
    /// Which part of a state is the controls.
    controls: c_int,
    /// Seconds that an action is applied.
    seconds: f64,
    /// Positions at rest.
    pub rest: Vec<f64>,
}

/// One robot, somewhere.
pub struct Body<'a> {
    simulator: &'a Simulator,
    data: Data,
    /// Positions and velocities.
    state: Vec<f64>,
}

impl Simulator {
    /// Loads the library and the description of a robot.
    pub fn open(library: &Path, description: &Path, robot: Robot) -> Result<Self, ProgramError> {
        let library = Library::open(library)?;
        let model = library.model(description)?;
        let mut simulator = Self {
            library,
            model,
            robot,
            controls: 0,
            seconds: 0.0,
            rest: Vec::new(),
        };
        let size = |part| simulator.size(part);
        let found = [POSITIONS, VELOCITIES].map(size);
        let controls = CONTROLS.into_iter().find(|part| size(*part) == robot.actions);
        let wanted = [robot.positions, robot.velocities];
        let (Some(controls), true) = (controls, found == wanted) else {
            let told = match found == wanted {
                true => "a robot with other controls".to_owned(),
                false => format!("a robot of {} positions and {} velocities", found[0], found[1]),
            };
            let allowed = format!("{} of {}", robot.model, robot.name);
            return Err(ConfigError::new(description.display().to_string(), told, allowed).into());
        };
        simulator.controls = controls;
        let mut body = simulator.body();
        let rest = body.state[..robot.positions].to_vec();
        let seconds = body.duration();
        drop(body);
        if !(1e-5..=1.0).contains(&seconds) {
            let version = &simulator.library.version;
            let told = format!("a step of {seconds} s in MuJoCo {version}");
            let allowed = "1e-5 to 1, in a library of double precision";
            return Err(ConfigError::new(description.display().to_string(), told, allowed).into());
        }
        simulator.rest = rest;
        simulator.seconds = seconds * robot.frames as f64;
        Ok(simulator)
    }

    /// MuJoCo's version.
    pub fn version(&self) -> &str {
        &self.library.version
    }

    /// A robot at rest.
    pub fn body(&self) -> Body<'_> {
        // SAFETY: the model is whole as long as `self`.
        let data = unsafe { (self.library.make_data)(self.model) };
        assert!(!data.is_null(), "memory for a robot");
        let mut body = Body {
            simulator: self,
            data,
            state: vec![0.0; self.robot.positions + self.robot.velocities],
        };
        body.read();
        body
    }

    /// Numbers of a part of a state.
    fn size(&self, part: c_int) -> usize {
        // SAFETY: the model is whole.
        let size = unsafe { (self.library.size)(self.model, part) };
        usize::try_from(size).unwrap_or_default()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // SAFETY: bodies borrow `self`, so that none is left.
        unsafe { (self.library.delete_model)(self.model) }
    }
}

impl Body<'_> {
    /// Puts the robot into a state, `[positions + velocities]`, as if it had done nothing before.
    pub fn place(&mut self, state: &[f64]) {
        self.state.copy_from_slice(state);
        let Simulator { library, model, .. } = self.simulator;
        // SAFETY: a state has as many numbers as the model was found to have.
        unsafe {
            (library.reset)(*model, self.data);
            (library.set)(*model, self.data, self.state.as_ptr(), STATE);
            (library.forward)(*model, self.data);
        }
    }

    /// Does an action, `[actions]`, and gives its reward.
    pub fn act(&mut self, action: &[f32]) -> f64 {
        let simulator = self.simulator;
        assert_eq!(action.len(), simulator.robot.actions, "the size of an action");
        let controls: Vec<f64> = action.iter().map(|a| f64::from(*a)).collect();
        let before = self.state.clone();
        let Simulator { library, model, .. } = simulator;
        // SAFETY: there are as many controls as the model was found to have.
        unsafe {
            (library.set)(*model, self.data, controls.as_ptr(), simulator.controls);
            for _ in 0..simulator.robot.frames {
                (library.step)(*model, self.data);
            }
        }
        self.read();
        simulator
            .robot
            .reward(&before, action, &self.state, simulator.seconds)
    }

    /// Positions and velocities, `[positions + velocities]`.
    pub fn state(&self) -> &[f64] {
        &self.state
    }

    fn read(&mut self) {
        let Simulator { library, model, .. } = self.simulator;
        // SAFETY: there is room for as many numbers as the model was found to have.
        unsafe { (library.get)(*model, self.data, self.state.as_mut_ptr(), STATE) }
    }

    /// Seconds of a step of the simulator.
    fn duration(&mut self) -> f64 {
        let Simulator { library, model, .. } = self.simulator;
        let mut time = 0.0;
        // SAFETY: the time is one number.
        unsafe {
            (library.step)(*model, self.data);
            (library.get)(*model, self.data, &mut time, TIME);
        }
        time
    }
}

impl Drop for Body<'_> {
    fn drop(&mut self) {
        // SAFETY: made by the same library, and used by nobody else.
        unsafe { (self.simulator.library.delete_data)(self.data) }
    }
}
