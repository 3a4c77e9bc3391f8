//! TensorBoard's event files: records of a length, its checksum, an `Event` and its checksum.
//!
//! The frame is TensorFlow's record format (`record_writer.h`: little-endian length, CRC-32C masked by a rotation and
//! a constant); the event is the protocol-buffer message of `event.proto` and `summary.proto`, of which three fields
//! and two are written here, by hand: no schema compiler is worth it.

/// The event that every file begins with.
pub(crate) fn version(wall_time: f64) -> Vec<u8> {
    let mut event = timed(wall_time);
    bytes_field(&mut event, 3, b"brain.Event:2");
    record(&event)
}

/// One event that holds named numbers of a step.
pub(crate) fn scalars(wall_time: f64, step: u64, values: &[(String, f64)]) -> Vec<u8> {
    let mut event = timed(wall_time);
    key(&mut event, 2, VARINT);
    varint(&mut event, step);
    let mut summary = Vec::with_capacity(values.len() * 32);
    for (tag, number) in values {
        let mut value = Vec::with_capacity(tag.len() + 8);
        bytes_field(&mut value, 1, tag.as_bytes());
        key(&mut value, 2, FIXED32);
        value.extend((*number as f32).to_le_bytes());
        bytes_field(&mut summary, 1, &value);
    }
    bytes_field(&mut event, 5, &summary);
    record(&event)
}

/// The wire types of protocol buffers.
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH_DELIMITED: u64 = 2;
const FIXED32: u64 = 5;

fn timed(wall_time: f64) -> Vec<u8> {
    let mut event = Vec::with_capacity(64);
    key(&mut event, 1, FIXED64);
    event.extend(wall_time.to_le_bytes());
    event
}

fn key(out: &mut Vec<u8>, field: u64, wire_type: u64) {
    varint(out, field << 3 | wire_type);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn bytes_field(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    key(out, field, LENGTH_DELIMITED);
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

fn record(event: &[u8]) -> Vec<u8> {
    let length = (event.len() as u64).to_le_bytes();
    let mut out = Vec::with_capacity(event.len() + 16);
    out.extend(length);
    out.extend(masked_checksum(&length).to_le_bytes());
    out.extend(event);
    out.extend(masked_checksum(event).to_le_bytes());
    out
}

/// The length of the record that `bytes` begin with; `None` if it is not whole.
pub(crate) fn record_length(bytes: &[u8]) -> Option<usize> {
    let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let (length, _) = bytes.split_first_chunk::<8>()?;
    if word(8)? != masked_checksum(length) {
        return None;
    }
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let end = length.checked_add(12)?;
    let event = bytes.get(12..end)?;
    (word(end)? == masked_checksum(event)).then_some(end + 4)
}

/// The step of a record that [`scalars`] wrote.
pub(crate) fn step_of(record: &[u8]) -> Option<u64> {
    // Behind length and checksum, a key and a time: the key of the step.
    let mut step = record.get(12 + 9..)?.iter();
    if *step.next()? != (2 << 3 | VARINT) as u8 {
        return None;
    }
    let mut value = 0;
    for (place, byte) in step.take(10).enumerate() {
        value |= u64::from(byte & 0x7F).checked_shl(7 * place as u32)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn masked_checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xA282_EAD8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What TensorBoard's own `EventFileWriter` wrote for the same events (tests/tensorboard/events.py).
    const WRITTEN_BY_TENSORBOARD: &[u8] = include_bytes!("../tests/tensorboard/events.bin");

    #[test]
    fn the_bytes_are_those_that_tensorboard_writes() {
        let mut bytes = version(1.5);
        let values = [
            ("loss/train".into(), 0.25),
            ("zeros train/layer 1".into(), 0.5),
        ];
        bytes.extend(scalars(2.5, 7, &values));
        bytes.extend(scalars(1e9, 300_000, &[("rate".into(), 0.1)]));
        assert_eq!(bytes, WRITTEN_BY_TENSORBOARD);
    }

    #[test]
    fn records_are_found_by_their_length_and_tell_their_step() {
        let mut bytes = version(1.5);
        let first = bytes.len();
        bytes.extend(scalars(1e9, 300_000, &[("rate".into(), 0.1)]));
        assert_eq!(record_length(&bytes), Some(first));
        assert_eq!(step_of(&bytes[..first]), None);
        assert_eq!(record_length(&bytes[first..]), Some(bytes.len() - first));
        assert_eq!(step_of(&bytes[first..]), Some(300_000));
        for length in 0..first {
            assert_eq!(record_length(&bytes[..length]), None, "{length}");
        }
        bytes[first - 5] ^= 1;
        assert_eq!(record_length(&bytes), None);
    }
}
