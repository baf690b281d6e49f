//! `Limits`.

use std::{ops::RangeInclusive, time::Duration};

use crate::{
    byte_size, duration,
    policy::{
        document::{
            read::{Field, quote},
            report::Report,
            tree::Value,
        },
        profile::ProofLimits,
    },
};

/// The largest number of constraints: that of the largest powers of tau, for 2^28, which is also the largest domain of BN254's
/// scalar field.
const MAX_CONSTRAINTS: u32 = 1 << 28;

/// The sizes of a witness in bytes. The largest is that of 2^28 signals of 32 bytes, with room for a header.
const WITNESS_BYTES: RangeInclusive<u64> = 1 << 10..=9 << 30;

/// The largest number of proofs in a batch. The limit catches typing errors.
const MAX_BATCH_ITEMS: u32 = 1 << 16;

/// The memory of a proof in bytes.
const MEMORY: RangeInclusive<u64> = 1 << 20..=1 << 40;

const DEADLINE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(24 * 3600);

/// Reads `Limits`.
pub(super) fn limits(field: &Field<'_>, report: &mut Report) -> Option<ProofLimits> {
    let keys = ["Constraints", "WitnessBytes", "BatchItems", "MemoryPerProof", "Deadline"];
    let section = field.field_map(&keys, report)?;
    let default = ProofLimits::default();
    let constraints = match section.field("Constraints") {
        Some(field) => field.integer_in(1..=MAX_CONSTRAINTS, report),
        None => Some(default.constraints),
    };
    let witness_bytes = match section.field("WitnessBytes") {
        Some(field) => bytes_in(field, &WITNESS_BYTES, report),
        None => Some(default.witness_bytes),
    };
    let batch_items = match section.field("BatchItems") {
        Some(field) => field.integer_in(1..=MAX_BATCH_ITEMS, report),
        None => Some(default.batch_items),
    };
    let memory_per_proof = match section.field("MemoryPerProof") {
        Some(field) => bytes_in(field, &MEMORY, report),
        None => Some(default.memory_per_proof),
    };
    let deadline = match section.field("Deadline") {
        Some(field) => deadline(field, report),
        None => Some(default.deadline),
    };
    let (witness_bytes, memory_per_proof) = (witness_bytes?, memory_per_proof?);
    if witness_bytes > memory_per_proof {
        let message = format!(
            "a witness of WitnessBytes ({}) does not fit into MemoryPerProof ({}); set both",
            byte_size::print(witness_bytes),
            byte_size::print(memory_per_proof)
        );
        section
            .field("WitnessBytes")
            .or(section.field("MemoryPerProof"))
            .unwrap_or(field)
            .error(message, report);
    }
    Some(ProofLimits {
        constraints: constraints?,
        witness_bytes,
        batch_items: batch_items?,
        memory_per_proof,
        deadline: deadline?,
    })
}

/// Reads a number of bytes in `range`: an integer, or text with a binary unit.
fn bytes_in(field: &Field<'_>, range: &RangeInclusive<u64>, report: &mut Report) -> Option<u64> {
    let bytes = match &field.node.value {
        Value::Integer(number) => u64::try_from(*number).ok(),
        _ => {
            let text = field.text(report)?;
            let bytes = byte_size::parse(text);
            if bytes.is_none() {
                let message =
                    format!("{} is not a number of bytes such as 67108864, 64MiB or 1GiB", quote(text));
                field.error(message, report);
                return None;
            }
            bytes
        }
    };
    let valid = bytes.filter(|bytes| range.contains(bytes));
    if valid.is_none() {
        let message = format!(
            "is not allowed; the range is {} to {}",
            byte_size::print(*range.start()),
            byte_size::print(*range.end())
        );
        field.error(message, report);
    }
    valid
}

fn deadline(field: &Field<'_>, report: &mut Report) -> Option<Duration> {
    if let Value::Integer(number) = field.node.value {
        field.error(format!("{number} needs a unit, such as `{number}s`"), report);
        return None;
    }
    let text = field.text(report)?;
    let nanoseconds = match duration::nanoseconds(text) {
        Ok(nanoseconds) => nanoseconds,
        Err(error) => {
            field.error(format!("{} {error}", quote(text)), report);
            return None;
        }
    };
    let deadline = u64::try_from(nanoseconds).ok().map(Duration::from_nanos);
    let deadline = deadline.filter(|deadline| DEADLINE.contains(deadline));
    if deadline.is_none() {
        field.error(format!("{} is not allowed; the range is 1ms to 24h", quote(text)), report);
    }
    deadline
}
