//! Whether there is memory for what was asked.

use crate::DataError;

/// Checks that `bytes` of memory could be had for `what`; `cure` says what to ask for instead.
///
/// # Errors
/// [`DataError::Memory`].
pub fn room_for(bytes: u128, what: &str, cure: &str) -> Result<(), DataError> {
    // A reservation is given back untouched: only its size is tried.
    let fits = usize::try_from(bytes).is_ok_and(|bytes| {
        let mut probe: Vec<u8> = Vec::new();
        probe.try_reserve_exact(bytes).is_ok()
    });
    match fits {
        true => Ok(()),
        false => Err(DataError::Memory {
            what: what.into(),
            bytes,
            cure: cure.into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_machine_has_is_refused() {
        assert!(room_for(1 << 20, "a picture", "").is_ok());
        let error = room_for(1 << 70, "the moon", "take a smaller one");
        let text = error
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(
            text.contains("the moon would take") && text.contains("smaller"),
            "{text}"
        );
    }
}
