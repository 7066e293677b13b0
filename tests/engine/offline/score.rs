//! Scores between the published references, and the table of the published sets.

use rtb::task::control::offline::{D4RL, Reference};

#[test]
fn references_score_0_and_100() {
    for (name, lowest, highest) in [
        ("halfcheetah_medium-v2", -280.178953, 12135.0),
        ("hopper", -20.272305, 3234.3),
        ("Walker2d-v5", 1.629008, 4592.3),
    ] {
        let reference = Reference::of(name).expect("it has one");
        assert_eq!(reference.score(lowest), 0.0, "{name}");
        assert!((reference.score(highest) - 100.0).abs() < 1e-9, "{name}");
        let half = reference.score((lowest + highest) / 2.0);
        assert!((half - 50.0).abs() < 1e-9, "{name}: {half}");
    }
    assert_eq!(Reference::of("antmaze"), None);
}

#[test]
fn every_published_set_has_a_reference_and_a_checksum() {
    for set in D4RL {
        assert!(Reference::of(set.name).is_some(), "{}", set.name);
        assert!(
            set.sha256.len() == 64
                && set
                    .sha256
                    .bytes()
                    .all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()),
            "{}",
            set.name
        );
        let same = D4RL
            .iter()
            .filter(|other| other.sha256 == set.sha256 || other.name == set.name);
        assert_eq!(same.count(), 1, "{}", set.name);
    }
}
