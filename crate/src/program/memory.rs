//! The memory that a run is expected to take, said before it does.

use super::device::DeviceKind;
use super::error::ProgramError;
use super::output::{bytes, say};
use burn::tensor::Device;
use rtb::run::{Files, Run};
use rtb::task::Memory;
use std::fs;

/// Says what a run is expected to take on an open device, where its task tells, and warns where less is free.
pub fn say_expected(
    run: &Run,
    files: &Files,
    (kind, device): (DeviceKind, &Device),
) -> Result<(), ProgramError> {
    let Some(memory) = run.task().room().memory(run, files, device)? else {
        return Ok(());
    };
    say(expected(&memory));
    let meminfo = match kind {
        DeviceKind::Cpu => fs::read_to_string("/proc/meminfo").ok(),
        // Nobody tells what of theirs is free.
        DeviceKind::Gpu | DeviceKind::Cuda => None,
    };
    if let Some(warning) = meminfo.and_then(|text| warning(&memory, available(&text)?)) {
        say(warning);
    }
    Ok(())
}

fn expected(memory: &Memory) -> String {
    let part = |(name, count): &(&str, usize)| format!("{name} {}", bytes(*count as u64));
    let parts: Vec<String> = memory.parts.iter().map(part).collect();
    let total = bytes(memory.total() as u64);
    format!("Expected memory: {total}: {}.", parts.join(", "))
}

fn warning(memory: &Memory, free: usize) -> Option<String> {
    (memory.total() > free).then(|| {
        format!(
            "Warning: that is more than the {} that are free here; it falls with {}.",
            bytes(free as u64),
            memory.fields.join(", ")
        )
    })
}

/// Bytes that new work can have, as Linux estimates them.
fn available(meminfo: &str) -> Option<usize> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::{available, expected, warning};
    use rtb::task::Memory;

    #[test]
    fn what_is_expected_is_said_with_its_parts_and_what_to_lower() {
        let memory = Memory {
            parts: vec![("weights", 3_000_000_000), ("adapters", 500_000_000)],
            fields: vec!["objective.chunk", "rollout.batch"],
        };
        assert_eq!(
            expected(&memory),
            "Expected memory: 3.50 GB: weights 3.00 GB, adapters 500.00 MB."
        );
        assert_eq!(warning(&memory, 3_500_000_000), None);
        assert_eq!(
            warning(&memory, 2_000_000_000).expect("too little"),
            "Warning: that is more than the 2.00 GB that are free here; it falls with objective.chunk, rollout.batch."
        );
    }

    #[test]
    fn what_is_free_is_read_of_the_system() {
        let text = "MemTotal:       24596888 kB\nMemFree:          310868 kB\nMemAvailable:   23068144 kB\n";
        assert_eq!(available(text), Some(23_068_144 << 10));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
    }
}
