//! The part of `docs/performance.md` that comes from a run.

use super::{
    measurements::{Report, Row},
    table::{MISSING, number, tables},
};
use crate::{Failure, kpi, suite::Mode};

/// The lines around the part that comes from a run.
const BEGIN: &str = "<!-- begin of the run: written by `overhead --page` -->";
const END: &str = "<!-- end of the run -->";

/// Returns the page with this report in place of the previous one. `chart` is the chart's path relative to the page.
///
/// # Errors
/// Fails where the page does not have the two lines around the report.
pub fn page(page: &str, report: &Report, chart: &str) -> Result<String, Failure> {
    let missing = || format!("the page has no lines `{BEGIN}` and `{END}`");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    let figures = figures(report);
    Ok(format!(
        "{before}{BEGIN}\n{figures}\n![For each scenario what it takes alone and end to end, on a logarithmic \
         scale]({chart})\n\n```text\n{}\n```\n{END}{after}",
        tables(report).trim_end()
    ))
}

/// Returns the key figures next to those that the Go broker's project has published.
fn figures(report: &Report) -> String {
    let row = |id: &str| report.rows.iter().find(|row| row.id == id);
    let median = |id, mode| Some(row(id)?.end_to_end.get(&mode)?.estimate.median_ns / 1e3);
    let pure = |id| Some(row(id)?.pure?.median_ns / 1e3);
    let us = |value| number(value, " µs");
    let (hash, health) = (kpi::SCENARIO, "health/check");
    let certificate = "sign_certificate/p384-sha512/csr-p256";
    let counted = |row: &Row| row.allocations.iter().find(|counted| counted.lane == "unary").cloned();
    let counted = row(hash).and_then(counted);
    let gain = median(hash, Mode::One).zip(median(hash, Mode::Ten)).map(|(one, ten)| one / ten);
    let whole = |value: Option<f64>| value.map_or_else(|| MISSING.to_owned(), |value| format!("{value:.0}"));
    let cpu = row(hash).and_then(|row| row.end_to_end.get(&Mode::Pinned)?.server_cpu_us);
    let kpi = report.kpi.as_ref();
    let memory = |bytes: Option<u64>| number(bytes.map(|bytes| bytes as f64 / f64::from(1 << 20)), " MiB");
    let after = kpi.map_or_else(|| "many".to_owned(), |kpi| kpi.calls.to_string());
    let after = format!("resident memory after {after} calls");
    let lines = [
        ("hash of 64 bytes, one at a time", "< 125 µs", "87 µs", us(median(hash, Mode::One))),
        ("ten at once on one connection, per call", "", "39 µs", us(median(hash, Mode::Ten))),
        ("64 at once down a pipeline, per call", "", "none", us(median(hash, Mode::Pipeline))),
        ("parallel gain of ten at once", "> 2", "2.2", number(gain, "")),
        ("certificate, one at a time", "< 1.4 ms", "975 µs", us(median(certificate, Mode::One))),
        ("certificate, ten at once", "", "160 µs", us(median(certificate, Mode::Ten))),
        ("health check, one at a time", "< 125 µs", "81 µs", us(median(health, Mode::One))),
        ("health check, ten at once", "", "37 µs", us(median(health, Mode::Ten))),
        (
            "hash: allocations in the client",
            "",
            "135",
            whole(counted.as_ref().map(|counted| counted.client.count)),
        ),
        (
            "hash: bytes of them",
            "< 35 KB",
            "9284",
            whole(counted.as_ref().map(|counted| counted.client.bytes)),
        ),
        (
            "hash: allocations in the server",
            "",
            "",
            whole(counted.as_ref().map(|counted| counted.server.count)),
        ),
        ("hash: bytes of them", "", "", whole(counted.as_ref().map(|counted| counted.server.bytes))),
        ("hash: CPU time of the server, pinned", "", "", us(cpu)),
        ("start to first answered health check", "", "", number(kpi.map(|kpi| kpi.start_ms), " ms")),
        ("resident memory, idle", "", "", memory(kpi.and_then(|kpi| kpi.resident_idle))),
        (after.as_str(), "", "", memory(kpi.and_then(|kpi| kpi.resident_after))),
        ("no socket: SHA-256 of 64 bytes", "", "0.42 µs", us(pure("hash/sha-256/64B"))),
        ("no socket: SHA3-256 of 64 bytes", "", "0.76 µs", us(pure("hash/sha3-256/64B"))),
        ("no socket: SHA3-512 of 64 bytes", "", "1.25 µs", us(pure(hash))),
        (
            "no socket: certificate, P-256 by P-256",
            "",
            "129 µs",
            us(pure("sign_certificate/p256-sha256/csr-p256")),
        ),
        (
            "no socket: certificate, P-521 by P-521",
            "",
            "2658 µs",
            us(pure("sign_certificate/p521-sha512/csr-p521")),
        ),
        (
            "no socket: certificate, P-256 by RSA-4096",
            "",
            "1658 µs",
            us(pure("sign_certificate/rsa-4096-sha256/csr-p256")),
        ),
    ];
    let mut text =
        String::from("| | target there | Go broker, published | this broker |\n|---|---|---|---|\n");
    for (what, target, published, ours) in lines {
        text += &format!("| {what} | {target} | {published} | {ours} |\n");
    }
    text
}
