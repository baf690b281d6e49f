//! The machine that a matrix was measured on.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};

/// Returns what is known about this machine, for `machine.json`. What cannot be found out is absent.
pub fn facts(socket: &Path) -> Map<String, Value> {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let known = json!({
        "measured_at": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "arguments": arguments,
        "version": env!("CARGO_PKG_VERSION"),
        "socket": socket.display().to_string(),
        "architecture": std::env::consts::ARCH,
        "processors": std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    });
    let mut machine = Map::new();
    machine.extend(known.as_object().cloned().unwrap_or_default());
    let read = |path| fs::read_to_string(path).ok().map(|text: String| text.trim().to_owned());
    let found = [
        ("cpu", field("/proc/cpuinfo", "model name")),
        ("memory", field("/proc/meminfo", "MemTotal")),
        ("kernel", read("/proc/sys/kernel/osrelease")),
        ("load", read("/proc/loadavg")),
    ];
    for (name, value) in found {
        if let Some(value) = value {
            machine.insert(name.to_owned(), json!(value));
        }
    }
    machine
}

/// Returns the first value with this name in a file of `name: value` lines.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    })
}
