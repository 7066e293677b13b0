//! The nine sets of D4RL on which policies are compared (arXiv 2004.07219, version 2), and their scores.

/// Returns between which scores are measured: of a random policy, and of an expert.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    /// The name of the environment, with which those of its sets begin.
    pub environment: &'static str,
    /// The return that scores 0.
    pub lowest: f64,
    /// The return that scores 100.
    pub highest: f64,
}

/// The environments of [`D4RL`].
const REFERENCES: [Reference; 3] = [
    Reference {
        environment: "halfcheetah",
        lowest: -280.178953,
        highest: 12135.0,
    },
    Reference {
        environment: "hopper",
        lowest: -20.272305,
        highest: 3234.3,
    },
    Reference {
        environment: "walker2d",
        lowest: 1.629008,
        highest: 4592.3,
    },
];

impl Reference {
    /// That of the set, or the environment, of this name: what it begins with counts, in any case of letters.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        REFERENCES
            .into_iter()
            .find(|reference| name.starts_with(reference.environment))
    }

    /// 100·(return − lowest)/(highest − lowest).
    pub fn score(&self, of_return: f64) -> f64 {
        100.0 * (of_return - self.lowest) / (self.highest - self.lowest)
    }
}

/// A published set: one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// Its name, without `.hdf5`.
    pub name: &'static str,
    /// Bytes of the file.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: &'static str,
}

const fn set(name: &'static str, bytes: u64, sha256: &'static str) -> DataSet {
    DataSet { name, bytes, sha256 }
}

/// The nine sets.
pub const D4RL: [DataSet; 9] = [
    set(
        "halfcheetah_medium-v2",
        237_727_262,
        "41324e8487a9556d8cfa4538827f8937f4d63dae3030825ebc9f3a726ed08ca0",
    ),
    set(
        "halfcheetah_medium_replay-v2",
        59_448_533,
        "48d494a4770c11f48260736dec090b78bdca8375647ed4d24bfa5b6610c7f683",
    ),
    set(
        "halfcheetah_medium_expert-v2",
        474_567_252,
        "015db75dae5bbe8e94029b71fa0bafc2073365df0c94744e71031189f3f79c06",
    ),
    set(
        "hopper_medium-v2",
        152_756_557,
        "5bdf1bc4a713c82941de44633df669b36c89850b652a25985166796d25cf71a0",
    ),
    set(
        "hopper_medium_replay-v2",
        75_854_457,
        "e121c5f7c9857a307baa9edc6a2c3b48e85fedb9ac316ecddd0f48ca7ef4e39b",
    ),
    set(
        "hopper_medium_expert-v2",
        304_537_315,
        "9d51ad87f8c905be3880d84c6140bcdb7fbf39a19e046a237f238ba34fec9e26",
    ),
    set(
        "walker2d_medium-v2",
        232_254_996,
        "cf00f43add04c17fdfc2958dd581dea0851b2e5bedbe6fda073758a8f841aeda",
    ),
    set(
        "walker2d_medium_replay-v2",
        86_323_963,
        "e75de96a4f77acf7d4e0d6fdf0d7ccb177c26c44bb4388e4fd99f543ccfa18db",
    ),
    set(
        "walker2d_medium_expert-v2",
        462_197_079,
        "6b8d7f868c45bbaedf460be797fb7271b46dee6ebe45fe7a64319f2005b59a04",
    ),
];
