#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_data::{Raw, decode_encoder};

const WHOLE: [(&str, &[u8]); 4] = [
    ("vocabulary", b"5 {\"text\":\"review\",\"markup\":true}\ngood\nbad\nit's"),
    ("pixels", br#"{"height":4,"width":5,"colour":true,"range":[-1.0,1.0],"ground":0.5,"invert":true}"#),
    (
        "columns",
        br#"{"target":"y","columns":[{"name":"a","kind":{"number":{"mean":1.5,"deviation":2.0,"missing":true}}},{"name":"b","kind":{"words":["x","y"]}}]}"#,
    ),
    ("indices", br#"{"zero_based":false,"runs":[0,3,2,1]}"#),
];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let (kind, whole) = WHOLE[usize::from(choice) % 4];
    let Ok(text) = String::from_utf8(rectifier_fuzz::file(data, whole)) else {
        return;
    };
    if let Ok(encoder) = decode_encoder(kind, &text) {
        let again = decode_encoder(kind, &encoder.to_text()).unwrap();
        assert_eq!(
            (again.width(), again.to_text()),
            (encoder.width(), encoder.to_text())
        );
        let cells = [
            ("a".to_string(), "1".to_string()),
            ("b".to_string(), "x".to_string()),
        ];
        for raw in [
            Raw::Text("good"),
            Raw::Record(&cells),
            Raw::Sparse(&[(1, 0.5)]),
        ] {
            if let Ok(row) = encoder.encode(raw) {
                assert!(row.to_dense(encoder.width()).len() <= encoder.width());
            }
        }
    }
});
