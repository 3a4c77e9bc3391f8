//! Files that are damaged, or made to do harm: an error each time, memory bounded, nothing executed.
#![allow(clippy::unwrap_used)]

mod support;

use rectifier_exchange::{ImportOptions, onnx, pytorch};
use std::io::{Cursor, Write};
use std::path::Path;
use support::fixture;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn options() -> ImportOptions {
    ImportOptions {
        activation: Some("relu".parse().unwrap()),
        ..ImportOptions::default()
    }
}

/// A zip archive as `torch.save` lays it out.
fn archive(entries: &[(&str, &[u8])], compression: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = SimpleFileOptions::default().compression_method(compression);
        writer
            .start_file(format!("archive/{name}"), options)
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What reading a checkpoint of this pickle and storage says.
fn refused(pickle: &[u8], storage: &[u8]) -> String {
    let bytes = archive(
        &[
            ("data.pkl", pickle),
            ("byteorder", b"little"),
            ("data/0", storage),
        ],
        CompressionMethod::Stored,
    );
    read(&bytes).unwrap_err()
}

fn read(bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.pt");
    std::fs::write(&path, bytes).unwrap();
    pytorch::open(&path, &options())
        .map(|_| ())
        .map_err(|error| error.to_string())
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = vec![b'X'];
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

fn integer(value: i32) -> Vec<u8> {
    [&b"J"[..], &value.to_le_bytes()].concat()
}

/// The pickle of `{"0.weight": tensor}` with a float storage of so many numbers, a shape and strides.
fn tensor(numbers: i32, shape: [i32; 2], strides: [i32; 2]) -> Vec<u8> {
    let pair = |pair: [i32; 2]| [&b"("[..], &integer(pair[0]), &integer(pair[1]), b"t"].concat();
    [
        &b"\x80\x02}"[..],
        &text("0.weight"),
        b"ctorch._utils\n_rebuild_tensor_v2\n((",
        &text("storage"),
        b"ctorch\nFloatStorage\n",
        &text("0"),
        &text("cpu"),
        &integer(numbers),
        b"tQ",
        &integer(0),
        &pair(shape),
        &pair(strides),
        b"\x89ccollections\nOrderedDict\n)RtRs.",
    ]
    .concat()
}

#[test]
fn a_right_pickle_is_read() {
    let bytes = archive(
        &[
            ("data.pkl", &tensor(6, [2, 3], [3, 1])),
            ("data/0", &[0; 24]),
        ],
        CompressionMethod::Stored,
    );
    read(&bytes).unwrap();
}

#[test]
fn tensors_that_claim_more_than_lies_there_are_refused() {
    let vast = refused(&tensor(1, [40_000, 40_000], [0, 0]), &[0; 4]);
    assert!(
        vast.contains("`0.weight`") && vast.contains("more numbers"),
        "{vast}"
    );
    for (numbers, shape, strides) in [
        (6, [2, 4], [4, 1]),
        (6, [2, 3], [1_000_000, 1]),
        (2_000_000_000, [40_000, 40_000], [40_000, 1]),
        (6, [-2, 3], [3, 1]),
        (6, [2, 3], [-3, 1]),
        (7, [7, 1], [1, 1]),
    ] {
        refused(&tensor(numbers, shape, strides), &[0; 24]);
    }
}

#[test]
fn callables_are_refused_by_name_and_not_called() {
    let call = |callable: &str, end: &[u8]| {
        let call = [&b"("[..], &text("touch executed"), b"tR"].concat();
        [
            b"\x80\x02}",
            &text("0.weight")[..],
            callable.as_bytes(),
            &call,
            end,
        ]
        .concat()
    };
    for (pickle, name) in [
        (call("cos\nsystem\n", b"s."), "os.system"),
        (call("cbuiltins\neval\n", b"s."), "builtins.eval"),
        (call("csubprocess\nPopen\n", b"]bs."), "subprocess.Popen"),
        (call("ctorch.hub\nload\n", b"}bs."), "torch.hub.load"),
    ] {
        let error = refused(&pickle, &[]);
        assert!(
            error.contains(name) && error.contains("Nothing was executed"),
            "{error}"
        );
    }
    assert!(!Path::new("executed").exists());
}

#[test]
fn pickles_that_grow_or_nest_without_end_are_refused() {
    let nested = [&b"\x80\x02"[..], &b")\x85".repeat(200_000)[1..], b"."].concat();
    refused(&nested, &[]);
    let doubled = [&b"\x80\x02]"[..], &b"q\x00h\x00a".repeat(60), b"."].concat();
    refused(&doubled, &[]);
    let long = refused(&vec![b'N'; 2 << 20], &[]);
    assert!(long.contains("more than the 1048576"), "{long}");
    for pickle in [
        &b""[..],
        b".",
        b"\x80\x02.",
        b"\x80\x02}",
        b"\xff\xff",
        b"\x80\x02N.",
        b"\x80\x02}.",
    ] {
        refused(pickle, &[]);
    }
}

#[test]
fn a_compressed_archive_is_refused_before_it_is_unpacked() {
    let zeros = vec![0; 64 << 20];
    let bytes = archive(
        &[
            ("data.pkl", &tensor(16 << 20, [4096, 4096], [4096, 1])),
            ("data/0", &zeros),
        ],
        CompressionMethod::Deflated,
    );
    assert!(bytes.len() < 1 << 20);
    let error = read(&bytes).unwrap_err();
    assert!(error.contains("compressed"), "{error}");
    let program = archive(
        &[("data.pkl", b"."), ("constants.pkl", b".")],
        CompressionMethod::Stored,
    );
    assert!(read(&program).unwrap_err().contains("TorchScript"));
}

#[test]
fn every_cut_is_an_error_and_no_changed_byte_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.pt");
    let checkpoint = std::fs::read(fixture("relu.pt")).unwrap();
    let open = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        pytorch::open(&path, &options())
    };
    for length in (0..checkpoint.len()).step_by(5) {
        assert!(open(&checkpoint[..length]).is_err(), "{length}");
    }
    for at in (0..checkpoint.len()).step_by(3) {
        let mut bytes = checkpoint.clone();
        bytes[at] ^= 0x15;
        let _ = open(&bytes);
    }
    for name in [
        "torch-relu.onnx",
        "matmul.onnx",
        "torch-softplus.onnx",
        "erf.onnx",
    ] {
        let model = std::fs::read(fixture(name)).unwrap();
        // The end of a model is what its readers need last: cuts there may leave a whole one.
        for length in 0..model.len() / 2 {
            let cut = onnx::from_bytes(model[..length].to_vec(), "cut", &ImportOptions::default());
            assert!(cut.is_err(), "{name} {length}");
        }
        for at in 0..model.len() {
            let mut bytes = model.clone();
            bytes[at] ^= 0x15;
            let _ = onnx::from_bytes(bytes, "changed", &ImportOptions::default());
        }
    }
}

#[test]
fn onnx_messages_without_end_are_refused() {
    let message = |field: u8, content: &[u8]| {
        let mut bytes = vec![field << 3 | 2];
        let mut length = content.len();
        while length >= 0x80 {
            bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend(content);
        bytes
    };
    // Operators of version 13, and a graph of a million empty nodes.
    let opset = message(8, &[0x10, 13]);
    let many = [opset.clone(), message(7, &[0x0a, 0].repeat(1 << 20))].concat();
    let error = onnx::from_bytes(many, "m", &ImportOptions::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("1048576 nodes"), "{error}");
    // Graphs in attributes of nodes of graphs.
    let mut deep = Vec::new();
    for _ in 0..10_000 {
        deep = message(1, &message(5, &message(6, &deep)));
    }
    let deep = [opset, message(7, &deep)].concat();
    assert!(onnx::from_bytes(deep, "m", &ImportOptions::default()).is_err());
    for bytes in [
        vec![],
        vec![0xff; 40],
        message(7, &[]),
        vec![0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f],
    ] {
        assert!(onnx::from_bytes(bytes, "m", &ImportOptions::default()).is_err());
    }
}
