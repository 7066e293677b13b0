//! Files from their public home, believed only with the right checksum.

use crate::program::error::ProgramError;
use crate::program::output::{bytes, say};
use crate::program::storage;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

/// Longest wait for a connection, and for a whole file.
const CONNECT: Duration = Duration::from_secs(20);
const WHOLE: Duration = Duration::from_secs(600);
/// Largest file that is held in memory.
const MOST_BYTES: u64 = 100 << 20;
/// Bytes a second of the slowest download of a larger one.
const SLOWEST: u64 = 50_000;
/// Bytes of a file that are hashed at once.
const AT_ONCE: usize = 1 << 20;

/// What a file was published with.
pub struct Content<'a> {
    pub bytes: u64,
    /// In hexadecimal digits, where it is known.
    pub sha256: Option<&'a str>,
}

impl Content<'_> {
    /// What is wrong with a file that should have this content.
    pub fn wrong(&self, path: &Path) -> io::Result<Option<String>> {
        let length = fs::metadata(path)?.len();
        if length != self.bytes {
            return Ok(Some(format!("it has {length} bytes instead of {}", self.bytes)));
        }
        let Some(sha256) = self.sha256 else {
            return Ok(None);
        };
        let mut hash = Sha256::new();
        let mut content = BufReader::with_capacity(AT_ONCE, File::open(path)?);
        loop {
            let part = content.fill_buf()?;
            if part.is_empty() {
                break;
            }
            hash.update(part);
            let read = part.len();
            content.consume(read);
        }
        let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((found != sha256).then(|| format!("it has the SHA-256 {found} instead of {sha256}")))
    }
}

/// What asks for files, and waits so long for a whole one.
fn agent(whole: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(whole))
        .build()
        .into()
}

/// Fetches a large file to a path, where it appears whole and with the right content, or not at all.
pub fn fetch(url: &str, path: &Path, content: &Content) -> Result<(), ProgramError> {
    say(format_args!(
        "Fetching {url} ({}) into {}",
        bytes(content.bytes),
        path.display()
    ));
    let refused = |why: String| ProgramError::Data(format!("cannot download {url}: {why}"));
    let agent = agent(WHOLE + Duration::from_secs(content.bytes / SLOWEST));
    storage::write_with(path, "", |fresh| {
        let mut response = agent.get(url).call().map_err(|e| refused(e.to_string()))?;
        // One more than there should be: a longer file is told from the right one.
        let body = response.body_mut().with_config().limit(content.bytes + 1);
        let written = File::create(fresh).and_then(|mut file| {
            io::copy(&mut body.reader(), &mut file)?;
            file.sync_all()
        });
        written.map_err(|e| refused(e.to_string()))?;
        match content.wrong(fresh) {
            Ok(None) => Ok(()),
            Ok(Some(wrong)) => Err(refused(wrong)),
            Err(error) => Err(ProgramError::file("read the data", fresh, error)),
        }
    })
}

/// The file that the first of these addresses with the right content gives.
pub fn download(urls: &[String], md5: &str) -> Result<Vec<u8>, ProgramError> {
    let agent = agent(WHOLE);
    let mut reasons = Vec::new();
    for url in urls {
        let fetched = agent
            .get(url)
            .call()
            .and_then(|mut response| response.body_mut().with_config().limit(MOST_BYTES).read_to_vec());
        match fetched {
            Err(error) => reasons.push(format!("{url}: {error}")),
            Ok(bytes) => match check(url, &bytes, md5) {
                Ok(()) => return Ok(bytes),
                Err(error) => reasons.push(error.to_string()),
            },
        }
    }
    Err(ProgramError::Data(format!(
        "cannot download {}",
        reasons.join("; ")
    )))
}

/// Whether the bytes of a file are those that were published.
pub fn check(origin: &str, bytes: &[u8], md5: &str) -> Result<(), ProgramError> {
    let found = format!("{:x}", md5::compute(bytes));
    if found == md5 {
        return Ok(());
    }
    Err(ProgramError::Data(format!(
        "{origin}: the file of {} bytes has the MD5 {found} instead of {md5}",
        bytes.len()
    )))
}

#[cfg(test)]
mod tests {
    use super::{Content, download, fetch};
    use crate::program::scratch::Scratch;
    use std::fs;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    const CONTENT: &[u8] = b"a small file";
    /// `printf 'a small file' | md5sum`
    const MD5: &str = "aed59494a00a1e91dfc79d3d9135b3d9";
    /// `printf 'a small file' | sha256sum`
    const SHA256: &str = "58831986bf022035197bd05d44de7eb9b1f5a6cac36994a862a7164c5ead0b41";

    /// An address that answers once, saying that `length` bytes follow.
    fn serve(status: &'static str, body: &'static [u8], length: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(body);
        });
        format!("http://{address}/file.gz")
    }

    #[test]
    fn the_first_right_file_is_taken() {
        let urls = [
            serve("404 Not Found", b"", 0),
            serve("200 OK", b"another file", 12),
            serve("200 OK", b"a small", CONTENT.len()),
            serve("200 OK", CONTENT, CONTENT.len()),
        ];
        assert_eq!(download(&urls, MD5).expect("the last one is right"), CONTENT);
    }

    #[test]
    fn every_failure_is_named() {
        let urls = [
            serve("404 Not Found", b"", 0),
            serve("200 OK", b"another file", 12),
            serve("200 OK", b"a small", CONTENT.len()),
        ];
        let text = download(&urls, MD5).expect_err("none is right").to_string();
        for (url, what) in urls.iter().zip(["404", MD5, ""]) {
            assert!(text.contains(url) && text.contains(what), "{text}");
        }
    }

    #[test]
    fn a_large_file_appears_whole_or_not_at_all() {
        let place = Scratch::new();
        let path = place.path().join("a folder").join("file.hdf5");
        let content = Content {
            bytes: CONTENT.len() as u64,
            sha256: Some(SHA256),
        };
        let cases: [(&[u8], usize, &str); 4] = [
            (b"a small", 12, ""),
            (b"a small", 7, "it has 7 bytes instead of 12"),
            (b"a small file, but longer", 24, ""),
            (b"another file", 12, SHA256),
        ];
        for (body, length, said) in cases {
            let url = serve("200 OK", body, length);
            let text = fetch(&url, &path, &content).expect_err("wrong").to_string();
            assert!(text.contains(&url) && text.contains(said), "{text}");
            let folder = path.parent().expect("a folder");
            assert_eq!(fs::read_dir(folder).expect("made").count(), 0, "{text}");
        }
        let url = serve("200 OK", CONTENT, CONTENT.len());
        fetch(&url, &path, &content).expect("right");
        assert_eq!(fs::read(&path).expect("written"), CONTENT);
        // What is there stays, where a second one is wrong.
        let url = serve("404 Not Found", b"", 0);
        assert!(fetch(&url, &path, &content).is_err());
        assert_eq!(content.wrong(&path).expect("read"), None);
    }
}
