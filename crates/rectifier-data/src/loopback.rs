//! A small HTTP server on the loopback interface, for tests: it does what each test wants a mirror to do.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server whose threads end with the test program.
pub struct Server {
    /// The address of its only folder.
    pub url: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// A server that answers every request for a path with what `answer` writes, then closes the connection. A range that is
    /// asked for follows the path: `/file bytes=7-`.
    pub fn start(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self::elsewhere(format!("http://{}/", listener.local_addr().unwrap()));
        let requests = Arc::clone(&server.requests);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, requests) = (Arc::clone(&answer), Arc::clone(&requests));
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    if let Some(path) = requested(&stream) {
                        requests.fetch_add(1, Ordering::SeqCst);
                        answer(&path, &mut stream);
                    }
                });
            }
        });
        server
    }

    /// An address that this module does not serve.
    pub fn elsewhere(url: String) -> Self {
        Self {
            url,
            requests: Arc::default(),
        }
    }

    /// The address of a file.
    pub fn address(&self, file: &str) -> String {
        format!("{}{file}", self.url)
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// The path that a GET request asks for, once its head has been read.
fn requested(stream: &TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let path = first.strip_prefix("GET ")?.split(' ').next()?;
    let mut asked = path.to_owned();
    loop {
        let line = lines.next()?.ok()?;
        match line.split_once(": ") {
            Some((name, range)) if name.eq_ignore_ascii_case("range") => {
                asked = format!("{path} {range}");
            }
            _ if line.is_empty() => return Some(asked),
            _ => {}
        }
    }
}

/// Writes a response: status line (and any further header lines), the announced length if any, and `body`.
///
/// Errors are those of a client that has gone, which is for the client's side of the test to judge.
pub fn respond(stream: &mut TcpStream, status: &str, length: Option<usize>, body: &[u8]) {
    let length = length.map_or(String::new(), |length| {
        format!("Content-Length: {length}\r\n")
    });
    let head = format!("HTTP/1.1 {status}\r\n{length}Connection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
    let _ = stream.flush();
}
