//! How a camera was held: the orientation in a picture's EXIF data.

/// How stored rows and columns become those of the upright picture: the pixel at `(x, y)` upright is stored at that
/// place transposed, then mirrored, then upside down, as far as each is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orientation {
    /// Rows are stored as columns.
    pub transposed: bool,
    /// Columns are stored from the right.
    pub mirrored: bool,
    /// Rows are stored from the bottom.
    pub upside_down: bool,
}

/// The tag of the orientation in the first directory (EXIF 2.32, table 4).
const ORIENTATION: u16 = 0x0112;
/// The type of 16-bit numbers.
const SHORT: u16 = 3;

impl Orientation {
    /// What EXIF data (a TIFF header and its first directory) say; upright where they say nothing that is valid.
    pub fn of_exif(exif: &[u8]) -> Self {
        Self::find(exif).map_or(Self::default(), Self::of_number)
    }

    fn find(exif: &[u8]) -> Option<u16> {
        let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        let little = match exif.get(..4)? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        let short = |place: usize| -> Option<u16> {
            let bytes = exif.get(place..place.checked_add(2)?)?.try_into().ok()?;
            Some(match little {
                true => u16::from_le_bytes(bytes),
                false => u16::from_be_bytes(bytes),
            })
        };
        let long = |place: usize| -> Option<usize> {
            let (first, second) = (short(place)?, short(place.checked_add(2)?)?);
            let (high, low) = if little {
                (second, first)
            } else {
                (first, second)
            };
            Some(usize::from(high) << 16 | usize::from(low))
        };
        let directory = long(4)?;
        let entries = usize::from(short(directory)?);
        (0..entries)
            .map(|entry| directory + 2 + 12 * entry)
            .find(|&place| short(place) == Some(ORIENTATION) && short(place + 2) == Some(SHORT))
            .and_then(|place| short(place + 8))
    }

    fn of_number(number: u16) -> Self {
        // The numbers say where row 0 and column 0 are seen: 6 is row 0 at the right, column 0 at the top.
        let (transposed, mirrored, upside_down) = match number {
            2 => (false, true, false),
            3 => (false, true, true),
            4 => (false, false, true),
            5 => (true, false, false),
            6 => (true, false, true),
            7 => (true, true, true),
            8 => (true, true, false),
            _ => (false, false, false),
        };
        Self {
            transposed,
            mirrored,
            upside_down,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// EXIF data that say nothing but an orientation.
    pub(crate) fn exif(number: u16, little: bool) -> Vec<u8> {
        let short = |word: u16| {
            if little {
                word.to_le_bytes()
            } else {
                word.to_be_bytes()
            }
        };
        let long = |word: u32| {
            if little {
                word.to_le_bytes()
            } else {
                word.to_be_bytes()
            }
        };
        let mut data = if little {
            b"II*\0".to_vec()
        } else {
            b"MM\0*".to_vec()
        };
        data.extend(long(8));
        data.extend(short(1));
        data.extend(short(ORIENTATION));
        data.extend(short(SHORT));
        data.extend(long(1));
        data.extend(short(number));
        data.extend([0; 6]);
        data
    }

    #[test]
    fn both_byte_orders_are_read() {
        for little in [false, true] {
            for number in 0..10 {
                let found = Orientation::of_exif(&exif(number, little));
                assert_eq!(found, Orientation::of_number(number));
            }
            let prefixed = [b"Exif\0\0".to_vec(), exif(6, little)].concat();
            assert!(Orientation::of_exif(&prefixed).transposed);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_orientation(bytes in prop::collection::vec(any::<u8>(), 0..60), little: bool) {
            let _ = Orientation::of_exif(&bytes);
            let start = exif(1, little);
            let _ = Orientation::of_exif(&[&start[..8], &bytes].concat());
        }
    }
}
