//! Whether the quotes of a CSV file close: readers guess where they do not, and swallow rows.

/// Where the quotes of CSV text are broken, and how; `None` where they are whole.
///
/// A quote opens a field only at its beginning; inside, `""` is a quote; after the closing one, the field ends.
pub(crate) fn broken_quotes(text: &str) -> Option<String> {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted,
        Closed,
    }
    let (mut at, mut line, mut opened) = (At::Start, 1, 1);
    for byte in text.bytes() {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, _) => At::Quoted,
            (At::Start, b'"') => {
                opened = line;
                At::Quoted
            }
            (At::Closed, b'"') => At::Quoted,
            (_, b',' | b'\n' | b'\r') => At::Start,
            (At::Closed, _) => {
                return Some(format!(
                    "line {line}: text follows a closing quote: a quote inside a quoted field is written twice"
                ));
            }
            _ => At::Plain,
        };
        line += usize::from(byte == b'\n');
    }
    (at == At::Quoted).then(|| {
        format!("line {opened}: a quote opens a field here and is never closed: close it, or fetch the whole file")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_quotes_pass_and_broken_ones_are_placed() {
        for whole in [
            "",
            "a,b\n",
            "\"a\",b\r\n",
            "\"a\nb\"\"c\",\"\"\n",
            "a 5\" pipe,b",
            "\"\"\"\"",
        ] {
            assert_eq!(broken_quotes(whole), None, "{whole}");
        }
        let problem = |text| broken_quotes(text).unwrap();
        assert!(problem("a,b\n\"c\nd,e\n").starts_with("line 2: a quote opens"));
        assert!(problem("a\n\"b\"c,d\n").starts_with("line 2: text follows"));
        assert!(problem("\"").contains("never closed"));
        assert!(problem("\"\"\"").contains("never closed"));
    }

    proptest! {
        #[test]
        fn what_a_writer_writes_is_whole_and_no_prefix_that_ends_inside_quotes_is(
            fields in prop::collection::vec("[a\",\n\r ]{0,8}", 1..6),
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(broken_quotes(&text), None);
            let quoted = fields[0].contains(['"', ',', '\n', '\r']);
            if quoted {
                // The opening quote alone.
                prop_assert!(broken_quotes(&text[..1]).is_some());
            }
        }
    }
}
