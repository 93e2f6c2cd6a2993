//! One plain page and one administration console over HTTP/1.1, each connection good for one request (RFC 9112).

use super::{Session, Step};

pub(super) enum Web {
    Page,
    Console,
}

impl Session for Web {
    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        // Whatever can't become a request line gets its refusal without waiting for a blank line.
        if input.first().is_some_and(|byte| !byte.is_ascii_alphabetic()) {
            return Step::SayAndClose(self.response("400 Bad Request", REFUSAL, false));
        }
        let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") else { return Step::Wait };
        let head = String::from_utf8_lossy(input.get(..end).unwrap_or_default()).into_owned();
        let mut words = head.lines().next().unwrap_or_default().split(' ');
        let (method, path, version) = (words.next(), words.next(), words.next());
        let reply = match (method, path, version) {
            (Some(method @ ("GET" | "HEAD")), Some(path), Some(version))
                if version.starts_with("HTTP/1.") =>
            {
                let (status, page) = self.page(path);
                self.response(status, page, method == "HEAD")
            }
            (Some(_), Some(_), Some(version)) if version.starts_with("HTTP/1.") => {
                self.response("405 Method Not Allowed", REFUSAL, false)
            }
            _ => self.response("400 Bad Request", REFUSAL, false),
        };
        Step::SayAndClose(reply)
    }
}

impl Web {
    fn server(&self) -> &'static str {
        match self {
            Web::Page => "LabWeb/1.0",
            Web::Console => "LabConsole/2.1",
        }
    }

    fn page(&self, path: &str) -> (&'static str, &'static str) {
        match (self, path) {
            (Web::Page, "/") => ("200 OK", PAGE),
            (Web::Console, "/" | "/admin" | "/login") => ("200 OK", CONSOLE),
            _ => ("404 Not Found", MISSING),
        }
    }

    fn response(&self, status: &str, page: &str, head_only: bool) -> Vec<u8> {
        let head = format!(
            "HTTP/1.1 {status}\r\nServer: {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.server(),
            page.len(),
        );
        let page = if head_only { "" } else { page };
        [head.as_bytes(), page.as_bytes()].concat()
    }
}

const PAGE: &str = "<!doctype html><html lang=\"zh-CN\"><head><title>示例市虚构单位门户</title></head>\
                    <body><h1>示例市虚构单位门户</h1><p>仅供演练。</p></body></html>\n";
const CONSOLE: &str = "<!doctype html><html lang=\"zh-CN\"><head><title>虚构系统管理控制台 - Admin Console</title></head>\
                       <body><h1>虚构系统管理控制台</h1><form method=\"post\" action=\"/login\">\
                       <input name=\"username\"><input name=\"password\" type=\"password\"></form></body></html>\n";
const MISSING: &str = "<!doctype html><title>404</title><p>没有此页。</p>\n";
const REFUSAL: &str = "<!doctype html><title>400</title><p>请求无效。</p>\n";
