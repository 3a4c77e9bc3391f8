//! Asks the server as fast as it answers: `cargo run --release --bin load -- ADDRESS [CONNECTIONS] [SECONDS] [EXAMPLES]`.
//! Prints answers a second and how long the middle, the slowest hundredth and the slowest one took.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One request and its whole answer.
fn ask(
    stream: &mut BufReader<TcpStream>,
    head: &str,
    body: &str,
) -> Result<(u16, String), Failure> {
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: load\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.get_mut().write_all(request.as_bytes())?;
    let (mut line, mut status, mut length) = (String::new(), 0, 0);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err("the server closed the connection".into());
        }
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
            status = rest.get(..3).unwrap_or_default().parse()?;
        } else if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    Ok((status, String::from_utf8(answer)?))
}

/// Asks until `end`; seconds of each answer.
fn connection(address: &str, body: &str, end: Instant) -> Result<Vec<f64>, Failure> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut times = Vec::new();
    while Instant::now() < end {
        let start = Instant::now();
        let (status, answer) = ask(&mut stream, "POST /predict", body)?;
        if status != 200 {
            return Err(format!("{status}: {answer}").into());
        }
        times.push(start.elapsed().as_secs_f64());
    }
    Ok(times)
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments
        .next()
        .ok_or("usage: load ADDRESS [CONNECTIONS] [SECONDS] [EXAMPLES]")?;
    let mut number = |default: usize| match arguments.next() {
        Some(text) => text.parse::<usize>(),
        None => Ok(default),
    };
    let (connections, seconds, examples) = (number(4)?, number(5)?, number(1)?);
    let mut stream = BufReader::new(TcpStream::connect(&address)?);
    let (_, card) = ask(&mut stream, "GET /model", "")?;
    let card: serde_json::Value = serde_json::from_str(&card)?;
    let inputs = card["inputs"].as_u64().ok_or("the server told no width")? as usize;
    // A fifth of the numbers is not 0, as in pictures of digits.
    let row: Vec<f32> = (0..inputs)
        .map(|place| if place % 5 == 0 { 0.5 } else { 0.0 })
        .collect();
    let body = serde_json::json!({"inputs": vec![row; examples]}).to_string();
    let end = Instant::now() + Duration::from_secs(seconds as u64);
    let mut times = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| connection(&address, &body, end)))
            .collect();
        let mut times = Vec::new();
        for one in asking {
            times.extend(one.join().map_err(|_| "a connection failed")??);
        }
        Ok::<_, Failure>(times)
    })?;
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (share * times.len() as f64) as usize;
        1e3 * times
            .get(place)
            .or(times.last())
            .copied()
            .unwrap_or(f64::NAN)
    };
    println!(
        "{connections} connections, {examples} examples a request: {:.0} answers/s, {:.0} examples/s; median {:.2} ms, 99% {:.2} ms, \
         slowest {:.2} ms",
        times.len() as f64 / seconds as f64,
        (times.len() * examples) as f64 / seconds as f64,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(())
}
