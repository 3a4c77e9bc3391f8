//! Files over HTTP on the loopback interface, for tests.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How a server answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// At once and as a whole.
    Whole,
    /// The first answer ends in its middle.
    BreaksOffOnce,
    /// Sixteen kilobytes at a time, with a pause after each.
    Slow(Duration),
}

/// Serves the files in `folder`, with ranges. Gives the address, and counts requests.
pub fn serve(folder: PathBuf, manner: Manner) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            // Whoever asks may be killed at any moment.
            let Some(Ok(first)) = lines.next() else {
                continue;
            };
            let mut from = 0;
            for line in lines
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
            {
                let lower = line.to_lowercase();
                if let Some(range) = lower.strip_prefix("range: bytes=") {
                    from = range.trim_end_matches('-').parse().unwrap();
                }
            }
            let path = first.split(' ').nth(1).unwrap().trim_start_matches('/');
            let number = count.fetch_add(1, Ordering::SeqCst);
            let Ok(bytes) = std::fs::read(folder.join(path)) else {
                let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
                continue;
            };
            let rest = &bytes[from..];
            let status = match from {
                0 => "200 OK".into(),
                _ => format!(
                    "206 Partial Content\r\nContent-Range: bytes {from}-{}/{}",
                    bytes.len() - 1,
                    bytes.len()
                ),
            };
            let length = rest.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes());
            match manner {
                Manner::BreaksOffOnce if number == 0 => {
                    let _ = stream.write_all(&rest[..length / 2]);
                }
                Manner::Whole | Manner::BreaksOffOnce => {
                    let _ = stream.write_all(rest);
                }
                Manner::Slow(pause) => {
                    for piece in rest.chunks(16 * 1024) {
                        if stream.write_all(piece).is_err() {
                            break;
                        }
                        std::thread::sleep(pause);
                    }
                }
            }
        }
    });
    (address, requests)
}
