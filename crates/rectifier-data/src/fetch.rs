//! Fetching a file from mirrors over HTTP, so that it is either whole and right or not there.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::DataError;
use crate::checksum::{Checksum, compare};
use crate::missing::Attempt;
use crate::partial::Partial;
use crate::remote::{Progress, Remote, Timeouts, address};

/// Fetches `remote` into `folder` from the first mirror that has it: `Ok(Ok(..))` is the path and the address it came
/// from, `Ok(Err(..))` says why each mirror failed.
///
/// The bytes go to a [`Partial`] file, which gets its name only when length and SHA-256 are right. What came before a
/// connection broke off, or a process was killed, is gone on with. Several processes may fetch one file at once: each brings a
/// whole one, and the last rename wins.
///
/// # Errors
/// [`DataError::Io`] for an error of this machine (no room, no permission), which another mirror would not mend.
pub(crate) fn fetch(
    remote: &Remote<'_>,
    folder: &Path,
    timeouts: &Timeouts,
    progress: &mut Progress<'_>,
) -> Result<Result<(PathBuf, String), Vec<Attempt>>, DataError> {
    let path = folder.join(remote.file);
    let mut transfer = Transfer {
        agent: agent(timeouts),
        remote,
        checksum: Checksum::new(),
        partial: Partial::resume(&path)?,
    };
    transfer.checksum = transfer.partial.checksum()?;
    let mut attempts = Vec::new();
    for mirror in remote.mirrors {
        let address = address(mirror, remote.file);
        tracing::info!(address, bytes = remote.bytes, "fetching");
        match transfer.receive(&address, progress) {
            Ok(()) => match transfer.partial.keep() {
                Ok(()) => {
                    tracing::info!(path = %path.display(), "fetched");
                    return Ok(Ok((path, address)));
                }
                // Some systems refuse to replace a file that another process reads: if that is right, it will do.
                Err(_) if path.is_file() && compare(&path, remote)?.is_none() => {
                    return Ok(Ok((path, address)));
                }
                Err(error) => return Err(error),
            },
            Err(Failure::Here(error)) => return Err(error),
            Err(Failure::There(why)) => {
                tracing::info!(address, why, "not fetched");
                attempts.push(Attempt { address, why });
            }
        }
    }
    if transfer.checksum.bytes() > 0 {
        transfer.partial.leave();
    }
    Ok(Err(attempts))
}

fn agent(timeouts: &Timeouts) -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_resolve(Some(timeouts.connect))
        .timeout_connect(Some(timeouts.connect))
        .timeout_recv_response(Some(timeouts.read))
        .timeout_per_read(Some(timeouts.read))
        .timeout_per_write(Some(timeouts.read))
        .max_redirects(5)
        // The bytes are checked as the mirror keeps them: it must not pack them for the journey.
        .accept_encoding("identity")
        .build()
        .new_agent()
}

enum Failure {
    Here(DataError),
    There(String),
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::Here(error)
    }
}

/// A file on its way: what is written of it, and the checksum of that.
struct Transfer<'a> {
    agent: ureq::Agent,
    remote: &'a Remote<'a>,
    partial: Partial,
    checksum: Checksum,
}

impl Transfer<'_> {
    /// Brings what is missing from `address`. What an earlier attempt left and what is there now may not be of one file: then
    /// all of it is fetched once more.
    fn receive(&mut self, address: &str, progress: &mut Progress<'_>) -> Result<(), Failure> {
        let begun = self.checksum.bytes();
        if begun > 0 {
            if begun <= self.remote.bytes {
                let rest = self.rest(address, progress);
                match rest.and_then(|()| self.check()) {
                    Ok(()) => return Ok(()),
                    Err(Failure::Here(error)) => return Err(Failure::Here(error)),
                    // More has come: that is gone on with the next time.
                    Err(Failure::There(why)) if self.checksum.bytes() > begun => {
                        return Err(Failure::There(why));
                    }
                    Err(Failure::There(_)) => {}
                }
            }
            self.forget()?;
        }
        self.rest(address, progress)?;
        self.check()
    }

    fn forget(&mut self) -> Result<(), Failure> {
        self.checksum = Checksum::new();
        Ok(self.partial.clear()?)
    }

    /// Appends what lies at `address` behind what is written already.
    fn rest(&mut self, address: &str, progress: &mut Progress<'_>) -> Result<(), Failure> {
        let there = Failure::There;
        let (begun, expected) = (self.checksum.bytes(), self.remote.bytes);
        if begun > 0 && begun == expected {
            return Ok(());
        }
        let mut request = self.agent.get(address);
        if begun > 0 {
            request = request.header("Range", format!("bytes={begun}-"));
        }
        if is_on_this_machine(address) {
            // A proxy could not reach it.
            request = request.config().proxy(None).build();
        }
        let mut response = request.call().map_err(|error| there(error.to_string()))?;
        let from = response.headers().get("Content-Range");
        let from = from.and_then(|range| range.to_str().ok());
        let goes_on = response.status() == 206
            && from.is_some_and(|range| range.starts_with(&format!("bytes {begun}-")));
        if begun > 0 && !goes_on {
            // The mirror sends all of it.
            self.forget()?;
        }
        let missing = expected - self.checksum.bytes();
        if let Some(announced) = response.body().content_length()
            && announced != missing
        {
            return Err(there(format!(
                "expected {missing} bytes, {announced} are announced"
            )));
        }
        // One byte more than expected is read at most, and none beyond what is expected is written.
        let mut body = response
            .body_mut()
            .as_reader()
            .take(missing.saturating_add(1));
        let mut buffer = vec![0; 1 << 16];
        progress(self.checksum.bytes(), expected);
        loop {
            let read = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let done = self.checksum.bytes();
                    return Err(there(format!(
                        "broken off after {done} of {expected} bytes: {error}"
                    )));
                }
            };
            if self.checksum.bytes() + read as u64 > expected {
                self.forget()?;
                return Err(there(format!("expected {expected} bytes, there are more")));
            }
            self.partial.write(&buffer[..read])?;
            self.checksum.update(&buffer[..read]);
            progress(self.checksum.bytes(), expected);
        }
        let bytes = self.checksum.bytes();
        if bytes != expected {
            return Err(there(format!("expected {expected} bytes, found {bytes}")));
        }
        Ok(())
    }

    /// Holds what is whole against the checksum that it should have.
    fn check(&mut self) -> Result<(), Failure> {
        let found = self.checksum.clone().finish();
        if found.eq_ignore_ascii_case(self.remote.sha256) {
            return Ok(());
        }
        self.forget()?;
        Err(Failure::There(format!(
            "expected SHA-256 {}, found {found}",
            self.remote.sha256
        )))
    }
}

fn is_on_this_machine(address: &str) -> bool {
    ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"]
        .iter()
        .any(|host| address.starts_with(host))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::locate::{Found, Locator, Origin};
    use crate::loopback::{Server, respond};
    use std::fs;
    use std::io::Write;
    use std::path::PathBuf;
    use std::time::{Duration, Instant};
    use tempfile::TempDir;

    fn content() -> Vec<u8> {
        (0..300_000u32).map(|value| (value % 253) as u8).collect()
    }

    /// A locator that has nothing but an empty cache folder.
    fn locator(cache: &TempDir) -> Locator {
        Locator {
            data_dir: None,
            shared_dir: None,
            cache_dir: Some(cache.path().to_path_buf()),
            offline: false,
            allow_unknown: true,
            timeouts: Timeouts::default(),
        }
    }

    fn locate(locator: &Locator, servers: &[&Server]) -> Result<Found, DataError> {
        locate_with(locator, servers, &mut |_, _| {})
    }

    fn locate_with(
        locator: &Locator,
        servers: &[&Server],
        progress: &mut Progress<'_>,
    ) -> Result<Found, DataError> {
        let mut known = Checksum::new();
        known.update(&content());
        let mirrors: Vec<&str> = servers.iter().map(|server| server.url.as_str()).collect();
        let remote = Remote {
            file: "numbers.bin",
            sha256: &known.finish(),
            bytes: content().len() as u64,
            mirrors: &mirrors,
        };
        locator.locate("set", &remote, progress)
    }

    /// What somebody who was cut off has left of the file, where it is to be.
    fn begun(cache: &TempDir, left: &[u8]) -> PathBuf {
        let path = cache.path().join("set/numbers.bin");
        let mut partial = Partial::new(&path).unwrap();
        partial.write(left).unwrap();
        partial.leave();
        path
    }

    fn files(cache: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(cache.path().join("set")).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect()
    }

    /// What the only mirror did wrong, as the error tells it; and that nothing is left behind but what can be gone on with.
    fn why(server: &Server) -> String {
        why_within(server, Timeouts::default().read)
    }

    fn why_within(server: &Server, read: Duration) -> String {
        let cache = tempfile::tempdir().unwrap();
        let mut locator = locator(&cache);
        locator.timeouts.read = read;
        let error = locate(&locator, &[server]).unwrap_err();
        let DataError::Missing(missing) = error else {
            panic!("{error}")
        };
        let why = &missing.attempts[0].why;
        let begun = why.starts_with("broken off after 1") || why.ends_with("found 150000");
        assert_eq!(files(&cache).len(), usize::from(begun), "{why}");
        assert!(!files(&cache).contains(&"numbers.bin".into()), "{why}");
        assert_eq!(missing.attempts.len(), 1);
        assert_eq!(missing.attempts[0].address, server.address("numbers.bin"));
        missing.attempts[0].why.clone()
    }

    fn good() -> Server {
        Server::start(|path, stream| match path {
            "/numbers.bin" => respond(stream, "200 OK", Some(content().len()), &content()),
            _ => respond(stream, "404 Not Found", Some(0), b""),
        })
    }

    #[test]
    fn a_file_is_fetched_once_and_then_found() {
        let (cache, server) = (tempfile::tempdir().unwrap(), good());
        let mut seen = Vec::new();
        let mut progress = |done, total| seen.push((done, total));
        let found = locate_with(&locator(&cache), &[&server], &mut progress).unwrap();
        let total = content().len() as u64;
        assert_eq!(found.origin, Origin::Fetched(server.address("numbers.bin")));
        assert!(found.verified);
        assert_eq!(fs::read(&found.path).unwrap(), content());
        assert_eq!((seen[0], seen.last()), ((0, total), Some(&(total, total))));
        assert!(seen.is_sorted() && seen.len() > 2);
        let again = locate(&locator(&cache), &[&server]).unwrap();
        assert_eq!((again.origin, again.path), (Origin::Cache, found.path));
        assert_eq!(server.requests(), 1);
        assert_eq!(files(&cache), ["numbers.bin"]);
    }

    #[test]
    fn the_second_mirror_serves_where_the_first_does_not() {
        let cache = tempfile::tempdir().unwrap();
        let absent = Server::start(|_, stream| respond(stream, "404 Not Found", Some(2), b"no"));
        let server = good();
        let found = locate(&locator(&cache), &[&absent, &server]).unwrap();
        assert_eq!(found.origin, Origin::Fetched(server.address("numbers.bin")));
        assert_eq!(absent.requests(), 1);
        assert!(why(&absent).contains("404"));
    }

    #[test]
    fn redirects_are_followed_but_not_forever() {
        let (cache, server) = (tempfile::tempdir().unwrap(), good());
        let target = server.address("numbers.bin");
        let moved = Server::start(move |_, stream| {
            let status = format!("302 Found\r\nLocation: {target}");
            respond(stream, &status, Some(0), b"");
        });
        let found = locate(&locator(&cache), &[&moved]).unwrap();
        assert_eq!(fs::read(found.path).unwrap(), content());
        let circle = Server::start(|path, stream| {
            let status = format!("302 Found\r\nLocation: {path}");
            respond(stream, &status, Some(0), b"");
        });
        assert!(why(&circle).contains("redirect"), "{}", why(&circle));
    }

    #[test]
    fn a_body_that_ends_early_is_refused() {
        let half = content().len() / 2;
        let announced = Server::start(move |_, stream| {
            respond(stream, "200 OK", Some(content().len()), &content()[..half]);
        });
        assert!(why(&announced).contains("broken off after 150000 of 300000"));
        let open = Server::start(move |_, stream| {
            respond(stream, "200 OK", None, &content()[..half]);
        });
        assert_eq!(why(&open), "expected 300000 bytes, found 150000");
    }

    /// A mirror whose connection breaks off after `first` bytes, and which then sends what is asked for from `content`.
    fn breaking(first: usize, content: Vec<u8>) -> Server {
        Server::start(move |path, stream| {
            let begun = path.strip_prefix("/numbers.bin bytes=");
            match begun.and_then(|range| range.strip_suffix('-')?.parse::<usize>().ok()) {
                None => respond(stream, "200 OK", Some(content.len()), &content[..first]),
                Some(from) => {
                    let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
                    let status = format!("206 Partial Content\r\nContent-Range: {range}");
                    let rest = &content[from..];
                    respond(stream, &status, Some(rest.len()), rest);
                }
            }
        })
    }

    #[test]
    fn what_broke_off_is_gone_on_with() {
        let (cache, server) = (tempfile::tempdir().unwrap(), breaking(100_000, content()));
        locate(&locator(&cache), &[&server]).unwrap_err();
        assert_eq!(files(&cache).len(), 1);
        let mut seen = Vec::new();
        let mut progress = |done, _| seen.push(done);
        let found = locate_with(&locator(&cache), &[&server], &mut progress).unwrap();
        assert_eq!(seen[0], 100_000);
        assert_eq!(fs::read(found.path).unwrap(), content());
        assert_eq!(files(&cache), ["numbers.bin"]);
        assert_eq!(server.requests(), 2);
        // The next mirror goes on where the first broke off.
        let cache = tempfile::tempdir().unwrap();
        let (first, second) = (breaking(50_000, content()), breaking(0, content()));
        let found = locate(&locator(&cache), &[&first, &second]).unwrap();
        assert_eq!(found.origin, Origin::Fetched(second.address("numbers.bin")));
        assert_eq!(fs::read(found.path).unwrap(), content());
    }

    #[test]
    fn what_was_left_of_another_file_or_by_another_mirror_does_no_harm() {
        let other: Vec<u8> = content().iter().map(|byte| byte ^ 1).collect();
        for left in [other.clone(), [content(), other].concat(), content()] {
            for server in [good(), breaking(content().len(), content())] {
                let cache = tempfile::tempdir().unwrap();
                let path = begun(&cache, &left);
                locate(&locator(&cache), &[&server]).unwrap();
                assert_eq!(fs::read(path).unwrap(), content());
                assert_eq!(files(&cache), ["numbers.bin"]);
            }
        }
        // A mirror that knows no ranges sends all of it, and one that refuses them is asked without.
        for status in ["200 OK", "416 Range Not Satisfiable"] {
            let cache = tempfile::tempdir().unwrap();
            let server = Server::start(move |path, stream| match path {
                "/numbers.bin" => respond(stream, "200 OK", Some(content().len()), &content()),
                _ if status.starts_with("200") => {
                    respond(stream, status, Some(content().len()), &content());
                }
                _ => respond(stream, status, Some(0), b""),
            });
            let path = begun(&cache, &content()[..1000]);
            locate(&locator(&cache), &[&server]).unwrap();
            assert_eq!(fs::read(path).unwrap(), content());
        }
    }

    #[test]
    fn a_mirror_that_sends_another_range_is_taken_at_its_word() {
        // All of it, told as the range that it is: what was begun is forgotten, and nothing is asked for twice.
        let cache = tempfile::tempdir().unwrap();
        let server = Server::start(|_, stream| {
            let status = "206 Partial Content\r\nContent-Range: bytes 0-299999/300000";
            respond(stream, status, Some(content().len()), &content());
        });
        let path = begun(&cache, &content()[..1000]);
        locate(&locator(&cache), &[&server]).unwrap();
        assert_eq!(fs::read(path).unwrap(), content());
        assert_eq!(server.requests(), 1);
    }

    #[test]
    fn other_bytes_are_refused() {
        let mut other = content();
        other[123_456] ^= 1;
        let server = Server::start(move |_, stream| {
            respond(stream, "200 OK", Some(other.len()), &other);
        });
        let why = why(&server);
        assert!(
            why.starts_with("expected SHA-256 ") && why.contains("found "),
            "{why}"
        );
    }

    #[test]
    fn more_than_expected_is_refused_without_reading_it_all() {
        let longer = Server::start(|_, stream| {
            let longer = [content(), vec![0]].concat();
            respond(stream, "200 OK", Some(longer.len()), &longer);
        });
        assert_eq!(why(&longer), "expected 300000 bytes, 300001 are announced");
        // This one would go on for ever; it ends because the client hangs up.
        let endless = Server::start(|_, stream| {
            respond(stream, "200 OK", None, b"");
            while stream.write_all(&[7; 4096]).is_ok() {}
        });
        assert_eq!(why(&endless), "expected 300000 bytes, there are more");
    }

    #[test]
    fn a_server_that_hangs_is_left() {
        let patience = Duration::from_secs(5);
        let mute = Server::start(move |_, _| std::thread::sleep(patience));
        let stalling = Server::start(move |_, stream| {
            respond(stream, "200 OK", Some(content().len()), &content()[..1000]);
            std::thread::sleep(patience);
        });
        let start = Instant::now();
        let why = |server| why_within(server, Duration::from_millis(300));
        assert!(why(&mute).contains("timeout"), "{}", why(&mute));
        let stalled = why(&stalling);
        assert!(
            stalled.starts_with("broken off after 1000 of 300000"),
            "{stalled}"
        );
        assert!(start.elapsed() < patience, "{:?}", start.elapsed());
    }

    #[test]
    fn a_mirror_that_does_not_listen_is_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let why = why(&Server::elsewhere(url));
        assert!(why.contains("refused"), "{why}");
    }

    #[test]
    fn two_at_once_both_get_the_whole_file() {
        let (cache, server) = (tempfile::tempdir().unwrap(), good());
        let barrier = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            let fetch = || {
                // Both wait when their fetch has begun, so that both are in the middle of one.
                let mut progress = |done, _| {
                    if done == 0 {
                        barrier.wait();
                    }
                };
                let found = locate_with(&locator(&cache), &[&server], &mut progress).unwrap();
                assert_eq!(fs::read(found.path).unwrap(), content());
            };
            let other = scope.spawn(fetch);
            fetch();
            other.join().unwrap();
        });
        assert_eq!(server.requests(), 2);
        assert_eq!(files(&cache), ["numbers.bin"]);
    }

    #[test]
    fn progress_counts_over_all_files() {
        let cache = tempfile::tempdir().unwrap();
        let server = Server::start(|_, stream| respond(stream, "200 OK", Some(3), b"abc"));
        let mirrors = [server.url.as_str()];
        let remote = |file| Remote {
            file,
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            bytes: 3,
            mirrors: &mirrors,
        };
        let mut seen = Vec::new();
        let found = locator(&cache).locate_all(
            "set",
            &[&[remote("a")], &[remote("b")]],
            &mut |done, total| seen.push((done, total)),
        );
        assert_eq!(found.unwrap().len(), 2);
        assert_eq!(seen, [(0, 6), (3, 6), (3, 6), (6, 6)]);
    }

    #[test]
    fn offline_asks_nobody() {
        let (cache, server) = (tempfile::tempdir().unwrap(), good());
        let locator = Locator {
            offline: true,
            ..locator(&cache)
        };
        let error = locate(&locator, &[&server]).unwrap_err();
        assert!(
            error.to_string().contains("not fetched: offline"),
            "{error}"
        );
        assert_eq!(server.requests(), 0);
    }

    #[test]
    fn an_error_of_this_machine_is_not_blamed_on_the_mirror() {
        let (cache, server) = (tempfile::tempdir().unwrap(), good());
        // A file stands where the set's folder should be made.
        fs::write(cache.path().join("set"), "").unwrap();
        let error = locate(&locator(&cache), &[&server]).unwrap_err();
        assert!(matches!(error, DataError::Io { .. }), "{error}");
        assert_eq!(server.requests(), 0);
    }
}
