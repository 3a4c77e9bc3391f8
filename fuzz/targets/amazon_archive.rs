#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_reviews::{Product, Reviews};
use std::path::Path;
use std::sync::LazyLock;
use tar::{Builder, Header};

/// An archive of one good and one bad review of one product.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut builder = Builder::new(Vec::new());
    for (name, stars) in [("negative", "1.0"), ("positive", "5.0")] {
        let text = format!(
            "<review>\n<title>\nso\n</title>\n<rating>\n{stars}\n</rating>\n<review_text>\nsuch is it\n</review_text>\n</review>\n"
        );
        let mut header = Header::new_gnu();
        header.set_size(text.len() as u64);
        let path = format!("sorted_data_acl/books/{name}.review");
        builder
            .append_data(&mut header, path, text.as_bytes())
            .unwrap();
    }
    builder.into_inner().unwrap()
});

fuzz_target!(|data: &[u8]| {
    let file = rectifier_fuzz::file(data, &WHOLE);
    let _ = Reviews::amazon_packed(&file[..], Path::new("fuzzed"), &[Product::Books]);
});
