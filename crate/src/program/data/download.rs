//! Files from their public home, believed only with the right checksum.

use crate::program::error::ProgramError;
use std::time::Duration;

/// Longest wait for a connection, and for a whole file.
const CONNECT: Duration = Duration::from_secs(20);
const WHOLE: Duration = Duration::from_secs(600);
/// Largest file.
const MOST_BYTES: u64 = 100 << 20;

/// The file that the first of these addresses with the right content gives.
pub fn download(urls: &[String], md5: &str) -> Result<Vec<u8>, ProgramError> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(WHOLE))
        .build()
        .into();
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
    use super::download;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    const CONTENT: &[u8] = b"a small file";
    /// `printf 'a small file' | md5sum`
    const MD5: &str = "aed59494a00a1e91dfc79d3d9135b3d9";

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
}
