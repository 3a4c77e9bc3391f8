//! Subnormal numbers taken for 0 while kernels work.

/// Does `work` with subnormal numbers taken for 0, and puts the processor's setting back: arithmetic on them is a
/// hundred times slower on many processors, and weights that decay pass through them.
pub(crate) fn flushed(work: impl FnOnce()) {
    let _restore = Flush::set();
    work();
}

struct Flush(#[allow(dead_code)] u64);

#[cfg(all(target_arch = "x86_64", not(miri)))]
impl Flush {
    fn set() -> Self {
        let mut control = 0u32;
        // SAFETY: reads and writes this thread's control register; only the two bits that round subnormal results
        // and operands to 0 change, which nothing here depends on for soundness. `Drop` restores it.
        unsafe {
            core::arch::asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack, preserves_flags));
            let flushing = control | 0x8040;
            core::arch::asm!("ldmxcsr [{}]", in(reg) &raw const flushing, options(nostack, preserves_flags, readonly));
        }
        Self(u64::from(control))
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
impl Drop for Flush {
    fn drop(&mut self) {
        let control = self.0 as u32;
        // SAFETY: the value that `set` found.
        unsafe {
            core::arch::asm!("ldmxcsr [{}]", in(reg) &raw const control, options(nostack, preserves_flags, readonly))
        }
    }
}

#[cfg(all(target_arch = "aarch64", not(miri)))]
impl Flush {
    fn set() -> Self {
        let control: u64;
        // SAFETY: as on x86-64; bit 24 is FZ.
        unsafe {
            core::arch::asm!("mrs {}, fpcr", out(reg) control, options(nomem, nostack, preserves_flags));
            core::arch::asm!("msr fpcr, {}", in(reg) control | (1 << 24), options(nomem, nostack, preserves_flags));
        }
        Self(control)
    }
}

#[cfg(all(target_arch = "aarch64", not(miri)))]
impl Drop for Flush {
    fn drop(&mut self) {
        // SAFETY: the value that `set` found.
        unsafe {
            core::arch::asm!("msr fpcr, {}", in(reg) self.0, options(nomem, nostack, preserves_flags))
        }
    }
}

#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
impl Flush {
    fn set() -> Self {
        Self(0)
    }
}
