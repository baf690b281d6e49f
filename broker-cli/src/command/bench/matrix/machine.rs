//! What was measured on.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};

use crate::{broker::Endpoint, json};

/// `machine.json`, with the broker at this socket. What cannot be found out is absent.
pub(super) async fn describe(socket: &Path, endpoint: &Endpoint) -> String {
    let endpoint = Endpoint { socket: Some(socket.to_owned()), ..endpoint.clone() };
    // A broker of an older generation has no such call.
    let broker = match endpoint.client() {
        Ok(client) => client.info().await.ok(),
        Err(_) => None,
    };
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
    let found = [
        ("cpu", field("/proc/cpuinfo", "model name")),
        ("memory", field("/proc/meminfo", "MemTotal")),
        ("kernel", fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|text| text.trim().to_owned())),
        ("load", fs::read_to_string("/proc/loadavg").ok().map(|text| text.trim().to_owned())),
    ];
    for (name, value) in found {
        if let Some(value) = value {
            machine.insert(name.to_owned(), json!(value));
        }
    }
    if let Some(info) = broker {
        machine.insert("broker".to_owned(), json::info(&info));
    }
    format!("{:#}\n", Value::Object(machine))
}

/// The first value of that name in a file of `name: value` lines.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    })
}
