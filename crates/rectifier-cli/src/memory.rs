//! Memory: whether there is room for what was asked, and freed memory kept for the next step.

use crate::error::CliError;

/// Keeps freed memory for the next step instead of giving it back to the system.
///
/// Burn's CPU backends allocate every gradient anew. glibc gives the megabytes at the end of the heap back as soon as they
/// are free, so that each step asks for them again and the system fills a thousand pages with zeros: a quarter of the time
/// of a step at batch 10 (`perf stat -e page-faults`).
pub fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: called before there are other threads; both calls set a number inside the allocator, and what they answer
    // (whether the number was taken) changes nothing for us.
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
    }
}

/// Checks that `bytes` of memory could be had for `what`; `cure` says what to ask for instead.
///
/// # Errors
/// [`CliError::Usage`].
pub fn room_for(bytes: u128, what: &str, cure: &str) -> Result<(), CliError> {
    // A reservation is given back untouched: only its size is tried.
    let fits = usize::try_from(bytes).is_ok_and(|bytes| {
        let mut probe: Vec<u8> = Vec::new();
        probe.try_reserve_exact(bytes).is_ok()
    });
    match fits {
        true => Ok(()),
        false => Err(CliError::Usage(format!(
            "{what} would take {} GB of memory, more than there is: {cure}",
            bytes.div_ceil(1_000_000_000)
        ))),
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
