//! Several processes that train one run together, as `mpirun` starts them.

use super::error::ProgramError;
use super::signal::Stop;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::team::{Alone, Team, gathered};
use rtb::session::Session;

/// The processes of a run, as one of them sees them.
pub struct Members {
    team: Box<dyn Team>,
}

impl Members {
    /// Meets those that the same `mpirun` has started.
    ///
    /// # Errors
    ///
    /// Where there are several, and this program was built without MPI.
    pub fn meet() -> Result<Self, ProgramError> {
        Ok(Self { team: started()? })
    }

    /// Whether this process keeps the folder and says what there is to say.
    pub fn leads(&self) -> bool {
        self.team.rank() == 0
    }

    /// How many there are.
    pub fn size(&self) -> usize {
        self.team.size()
    }

    /// A session as a member. From here on all of them have opened theirs: until then none may write what others read.
    ///
    /// # Errors
    ///
    /// Where the batch is too small for so many, or they have come to different iterations.
    pub fn join(&self, session: &mut Session) -> Result<(), ProgramError> {
        let iterations = self.told(session.iteration() as f64)?;
        if iterations.iter().any(|other| *other != iterations[0]) {
            let why = format!("the processes have come to different iterations, {iterations:?}");
            return Err(EngineError::Device(why).into());
        }
        session.join(started()?).map_err(EngineError::from)?;
        Ok(())
    }

    /// Whether a signal has asked any of them to stop.
    ///
    /// # Errors
    ///
    /// Where another one is gone.
    pub fn asked_to_stop(&self, stop: &Stop) -> Result<bool, ProgramError> {
        let asked = self.told(f64::from(u8::from(stop.asked())))?;
        Ok(asked.contains(&1.0))
    }

    /// A number of each.
    fn told(&self, own: f64) -> Result<Vec<f64>, ProgramError> {
        let all = block_on(gathered(&*self.team, vec![own])).map_err(EngineError::Device)?;
        Ok(all.concat())
    }
}

/// What `mpirun` and its like tell the processes that they start: how many there are.
const SIZES: [&str; 2] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"];

/// The variable that says that there are several processes.
fn several() -> Option<&'static str> {
    let several = |name: &&str| std::env::var(name).is_ok_and(|size| size.trim() != "1");
    SIZES.into_iter().find(several)
}

#[cfg(not(feature = "mpi"))]
fn started() -> Result<Box<dyn Team>, ProgramError> {
    match several() {
        // Each of them would train the whole run, in the same folder.
        Some(name) => Err(ProgramError::NoMpi { name }),
        None => Ok(Box::new(Alone)),
    }
}

/// One process goes without MPI, which would start a daemon beside it.
#[cfg(feature = "mpi")]
fn started() -> Result<Box<dyn Team>, ProgramError> {
    match several() {
        Some(_) => Ok(Box::new(mpi::start())),
        None => Ok(Box::new(Alone)),
    }
}

/// At the end of a process that has done its part. One that fails does not come here, and `mpirun` then ends the others.
pub fn part() {
    #[cfg(feature = "mpi")]
    mpi::end();
}

/// The place of this process among those of its machine: which of several GPUs it takes.
#[cfg(feature = "cuda")]
pub fn place_on_machine() -> usize {
    #[cfg(feature = "mpi")]
    return mpi::place_on_machine();
    #[cfg(not(feature = "mpi"))]
    0
}

#[cfg(feature = "mpi")]
mod mpi {
    use mpi::Threading;
    use mpi::datatype::PartitionMut;
    use mpi::environment::Universe;
    use mpi::topology::{Communicator, SimpleCommunicator};
    use mpi::traits::CommunicatorCollectives;
    use rtb::engine::reward::{Answer, at_once};
    use rtb::engine::team::Team;
    use std::cell::RefCell;
    use std::mem::ManuallyDrop;

    thread_local! {
        /// MPI, from the first question for it to [`end`]. The main thread alone talks to others. A process that fails must
        /// not leave it in order: it would wait for the others to do the same.
        static UNIVERSE: RefCell<Option<ManuallyDrop<Universe>>> = const { RefCell::new(None) };
    }

    /// All processes that `mpirun` has started.
    pub struct World;

    /// MPI, which is started once.
    pub fn start() -> World {
        UNIVERSE.with_borrow_mut(|universe| {
            if universe.is_none() {
                let started = mpi::initialize_with_threading(Threading::Funneled);
                *universe = started.map(|(universe, _)| ManuallyDrop::new(universe));
            }
        });
        World
    }

    pub fn end() {
        let universe = UNIVERSE.with_borrow_mut(Option::take);
        drop(universe.map(ManuallyDrop::into_inner));
    }

    #[cfg(feature = "cuda")]
    pub fn place_on_machine() -> usize {
        // Other subcommands than `run` know of no others.
        if UNIVERSE.with_borrow(Option::is_none) {
            return 0;
        }
        let world = SimpleCommunicator::world();
        world.split_shared(world.rank()).rank() as usize
    }

    impl Team for World {
        fn rank(&self) -> usize {
            SimpleCommunicator::world().rank() as usize
        }

        fn size(&self) -> usize {
            SimpleCommunicator::world().size() as usize
        }

        fn gather(&self, own: Vec<u8>) -> Answer<'_, Vec<Vec<u8>>> {
            let world = SimpleCommunicator::world();
            let mut lengths = vec![0i32; self.size()];
            world.all_gather_into(&(own.len() as i32), &mut lengths[..]);
            let places = lengths.iter().scan(0, |end, length| {
                *end += length;
                Some(*end - length)
            });
            let places: Vec<i32> = places.collect();
            let mut all = vec![0u8; lengths.iter().sum::<i32>() as usize];
            let mut parts = PartitionMut::new(&mut all[..], &lengths[..], &places[..]);
            world.all_gather_varcount_into(&own[..], &mut parts);
            let of_one = |(place, length): (&i32, &i32)| all[*place as usize..][..*length as usize].to_vec();
            at_once(places.iter().zip(&lengths).map(of_one).collect())
        }
    }
}
