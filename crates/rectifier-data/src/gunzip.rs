//! Gzip streams as `gzip -d` takes them: members one after another, and zeros behind the last.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// The two bytes that a gzip stream begins with.
pub(crate) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What to tell the user of a file that zeros follow.
pub(crate) const PADDED: &str =
    "zeros follow the end of its gzip stream, as on tapes: they are left out";

/// Unpacks a gzip stream; zeros that follow its last member are no error, as with `gzip`, but [`padded`](Self::padded)
/// tells of them. Anything else behind the end is an error.
pub(crate) struct Gunzip<R> {
    member: Option<GzDecoder<R>>,
    padded: bool,
}

impl<R: BufRead> Gunzip<R> {
    pub fn new(packed: R) -> Self {
        Self {
            member: Some(GzDecoder::new(packed)),
            padded: false,
        }
    }

    /// Whether zeros followed, once all was read.
    pub fn padded(&self) -> bool {
        self.padded
    }

    /// What follows a member: another one, or the end.
    fn next_member(&mut self, mut rest: R) -> io::Result<()> {
        loop {
            let bytes = rest.fill_buf()?;
            let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
            match bytes.get(zeros) {
                None if bytes.is_empty() => return Ok(()),
                None => {
                    self.padded = true;
                    rest.consume(zeros);
                }
                Some(_) if zeros == 0 && !self.padded => {
                    self.member = Some(GzDecoder::new(rest));
                    return Ok(());
                }
                Some(_) => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "bytes that are neither gzip nor zeros follow its end",
                    ));
                }
            }
        }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            if let Some(member) = self.member.take() {
                self.next_member(member.into_inner())?;
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::idx::writing::gzip;
    use proptest::prelude::*;

    fn unpacked(packed: &[u8]) -> io::Result<(Vec<u8>, bool)> {
        let mut reader = Gunzip::new(packed);
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        Ok((bytes, reader.padded()))
    }

    #[test]
    fn members_follow_each_other_and_zeros_the_last() {
        let two = [gzip(b"one"), gzip(b" two")].concat();
        assert_eq!(unpacked(&two).unwrap(), (b"one two".to_vec(), false));
        let padded = [&two[..], &[0; 100_000]].concat();
        assert_eq!(unpacked(&padded).unwrap(), (b"one two".to_vec(), true));
        for rest in [&[9][..], &[0, 9], &[0, 0x1f, 0x8b, 8]] {
            assert!(unpacked(&[&two[..], rest].concat()).is_err(), "{rest:?}");
        }
        assert!(unpacked(&two[..two.len() - 1]).is_err());
        assert!(unpacked(b"").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_unpack_or_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64), packed: bool) {
            let file = if packed { [gzip(&bytes), bytes].concat() } else { bytes };
            let _ = unpacked(&file);
        }
    }
}
