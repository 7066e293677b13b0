//! MuJoCo's shared library.
//!
//! Only functions are called that show no layout of a struct: the layouts change with every version, which is why
//! bindings of them fit one version alone.

use crate::program::error::ProgramError;
use libloading::Library as Loaded;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::sync::Mutex;

/// The major versions that are known to work.
const MAJOR: std::ops::RangeInclusive<u32> = 3..=4;
/// Room for what MuJoCo says of a description that it cannot read.
const MESSAGE: usize = 1000;

/// Parts of a state, as `mj_getState` names them; those before it never moved.
pub const TIME: c_int = 1;
pub const POSITIONS: c_int = 1 << 1;
pub const VELOCITIES: c_int = 1 << 2;
/// Where the controls are, by version.
pub const CONTROLS: [c_int; 2] = [1 << 5, 1 << 6];

pub type Model = *mut c_void;
pub type Data = *mut c_void;

/// Its functions, and its version.
pub struct Library {
    pub version: String,
    load: unsafe extern "C" fn(*const c_char, *const c_void, *mut c_char, c_int) -> Model,
    pub delete_model: unsafe extern "C" fn(Model),
    pub make_data: unsafe extern "C" fn(Model) -> Data,
    pub delete_data: unsafe extern "C" fn(Data),
    pub reset: unsafe extern "C" fn(Model, Data),
    pub forward: unsafe extern "C" fn(Model, Data),
    pub step: unsafe extern "C" fn(Model, Data),
    pub size: unsafe extern "C" fn(Model, c_int) -> c_int,
    pub get: unsafe extern "C" fn(Model, Data, *mut f64, c_int),
    pub set: unsafe extern "C" fn(Model, Data, *const f64, c_int),
    /// Behind the functions, which are gone when it is.
    _loaded: Loaded,
}

impl Library {
    /// Loads it.
    pub fn open(path: &Path) -> Result<Self, ProgramError> {
        let refused = |reason: String| ProgramError::Data(format!("{}: {reason}", path.display()));
        // SAFETY: the file is the one that the user named, or MuJoCo's own; its initializers are those of C.
        let loaded = unsafe { Loaded::new(path) };
        let loaded = loaded.map_err(|error| refused(format!("cannot load MuJoCo: {error}")))?;
        macro_rules! function {
            ($name:literal) => {
                // SAFETY: the declarations of the fields are those of mujoco.h.
                *unsafe { loaded.get($name) }.map_err(|_| {
                    let name = String::from_utf8_lossy($name);
                    refused(format!(
                        "{name} is missing: this is not MuJoCo, or one before version 3"
                    ))
                })?
            };
        }
        let told: unsafe extern "C" fn() -> *const c_char = function!(b"mj_versionString");
        // SAFETY: a text that lasts.
        let version = unsafe { CStr::from_ptr(told()) }.to_string_lossy().into_owned();
        let major = version.split('.').next().and_then(|major| major.parse().ok());
        if !major.is_some_and(|major| MAJOR.contains(&major)) {
            let advice = "use version 3 or 4, such as that of `pip install mujoco`";
            return Err(refused(format!("MuJoCo {version} is not known; {advice}")));
        }
        // SAFETY: a variable of mujoco.h; what hears warnings lasts as long as the program.
        unsafe {
            if let Ok(hears) = loaded.get::<*mut extern "C" fn(*const c_char)>(b"mju_user_warning") {
                **hears = warned;
            }
        }
        Ok(Self {
            version,
            load: function!(b"mj_loadXML"),
            delete_model: function!(b"mj_deleteModel"),
            make_data: function!(b"mj_makeData"),
            delete_data: function!(b"mj_deleteData"),
            reset: function!(b"mj_resetData"),
            forward: function!(b"mj_forward"),
            step: function!(b"mj_step"),
            size: function!(b"mj_stateSize"),
            get: function!(b"mj_getState"),
            set: function!(b"mj_setState"),
            _loaded: loaded,
        })
    }

    /// The model that a file describes.
    pub fn model(&self, path: &Path) -> Result<Model, ProgramError> {
        let refused = |reason: &str| ProgramError::Data(format!("{}: {reason}", path.display()));
        let name =
            CString::new(path.to_string_lossy().as_bytes()).map_err(|_| refused("no name of a file"))?;
        let mut message = [0u8; MESSAGE];
        // SAFETY: both texts end with a zero, and the second is as long as is told.
        let model = unsafe {
            let message = message.as_mut_ptr().cast();
            (self.load)(name.as_ptr(), std::ptr::null(), message, MESSAGE as c_int)
        };
        // What is said while a description is read is of no interest once it is read.
        warnings();
        if model.is_null() {
            let told = CStr::from_bytes_until_nul(&message).unwrap_or_default();
            let told = told.to_string_lossy();
            return Err(refused(&format!("MuJoCo {} refuses it: {told}", self.version)));
        }
        Ok(model)
    }
}

/// What MuJoCo warned of, once each.
static WARNINGS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

extern "C" fn warned(text: *const c_char) {
    // SAFETY: MuJoCo gives a text that ends with a zero.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    // Before the numbers: the place and the time are others every time.
    let what = text.split([',', '.']).next().unwrap_or_default().to_owned();
    WARNINGS
        .lock()
        .unwrap_or_else(|broken| broken.into_inner())
        .insert(what);
}

/// What MuJoCo warned of since it was last asked.
pub fn warnings() -> BTreeSet<String> {
    std::mem::take(&mut *WARNINGS.lock().unwrap_or_else(|broken| broken.into_inner()))
}
