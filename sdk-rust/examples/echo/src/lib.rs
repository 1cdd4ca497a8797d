//! Tells what arrived, as JSON: any method, `/rust/echo/{path:*}`.
//!
//! Bytes are shown as if they were Latin-1, so that every value survives.

mod sha256;

use edge_gateway_sdk::{handler, Request, Response};

handler!(echo);

fn echo(request: &Request) -> Response {
    let mut json = String::with_capacity(1024);
    json.push_str("{\"method\":");
    string(&mut json, request.method().as_bytes());
    json.push_str(",\"path\":");
    string(&mut json, request.path());
    json.push_str(",\"query\":");
    string(&mut json, request.query().unwrap_or_default());
    json.push_str(",\"params\":");
    pairs(&mut json, request.params());
    json.push_str(",\"headers\":");
    pairs(&mut json, request.headers());
    json.push_str(",\"body_length\":");
    json.push_str(&request.body().len().to_string());
    json.push_str(",\"body_sha256\":\"");
    for byte in sha256::digest(request.body()) {
        hex(&mut json, byte);
    }
    json.push_str("\"}\n");
    Response::new(200)
        .with_header("content-type", "application/json")
        .with_body(json)
}

fn pairs<'r>(json: &mut String, pairs: impl Iterator<Item = (&'r [u8], &'r [u8])>) {
    json.push('[');
    for (place, (name, value)) in pairs.enumerate() {
        json.push_str(if place == 0 { "[" } else { ",[" });
        string(json, name);
        json.push(',');
        string(json, value);
        json.push(']');
    }
    json.push(']');
}

fn string(json: &mut String, bytes: &[u8]) {
    json.push('"');
    for &byte in bytes {
        match byte {
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            0x20..=0x7e => json.push(char::from(byte)),
            _ => {
                json.push_str("\\u00");
                hex(json, byte);
            }
        }
    }
    json.push('"');
}

fn hex(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings_are_escaped_byte_by_byte() {
        let mut json = String::new();
        super::string(&mut json, b"a\"\\\n\x00\x1f\x7f\x80\xff~ ");
        let want = r#""a\"\\\u000a\u0000\u001f\u007f\u0080\u00ff~ ""#;
        assert_eq!(json, want);
    }
}
