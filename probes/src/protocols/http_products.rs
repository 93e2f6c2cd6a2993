//! Which product stands behind an HTTP answer: the `Server` field, and a table of signs for products that name
//! themselves elsewhere.

use model::observation::{Access, ServiceFacts};

use super::http_message::Message;
use crate::facts::Tell;
use crate::seen::{after, contains};

/// `nginx/1.22.1` → name and version; `Apache/2.4.57 (Debian)` likewise; anything else is a name.
pub(super) fn split_server(server: &[u8]) -> (&[u8], &[u8]) {
    let first_word = server.split(|&b| b == b' ').next().unwrap_or_default();
    match first_word.iter().position(|&b| b == b'/') {
        Some(at) => (
            first_word.get(..at).unwrap_or_default(),
            first_word.get(at + 1..).unwrap_or_default().trim_ascii_end(),
        ),
        // A name of several words without a version, as devices have it.
        None => (server, b""),
    }
}

/// Where a product shows itself.
enum Sign {
    /// A field of that name is present; its value is the version if it looks like one.
    Field(&'static str),
    /// The field contains the text.
    FieldHas(&'static str, &'static [u8]),
    Body(&'static [u8]),
    /// Status and a text of the body.
    StatusBody(u16, &'static [u8]),
}

struct Product {
    name: &'static str,
    sign: Sign,
    /// Bytes of the body just before the version.
    version_after: &'static [u8],
    /// The answer itself (status 200) proves that nobody was asked who they are.
    open_if_ok: bool,
}

const fn product(name: &'static str, sign: Sign) -> Product {
    Product { name, sign, version_after: b"", open_if_ok: false }
}

/// More specific signs before more general ones; the first that is there counts.
const PRODUCTS: &[Product] = &[
    Product {
        name: "Elasticsearch",
        sign: Sign::Body(b"You Know, for Search"),
        version_after: b"\"number\" : \"",
        open_if_ok: true,
    },
    Product {
        name: "OpenSearch",
        sign: Sign::Body(b"The OpenSearch Project"),
        version_after: b"\"number\" : \"",
        open_if_ok: true,
    },
    Product {
        name: "CouchDB",
        sign: Sign::Body(b"{\"couchdb\":\"Welcome\""),
        version_after: b"\"version\":\"",
        open_if_ok: false,
    },
    Product {
        name: "Docker",
        sign: Sign::FieldHas("server", b"Docker/"),
        version_after: b"",
        open_if_ok: false,
    },
    Product {
        name: "Kubernetes API",
        sign: Sign::Body(b"\"apiVersion\":\"v1\""),
        version_after: b"",
        open_if_ok: true,
    },
    product("Kubernetes API", Sign::Body(b"system:anonymous")),
    product("Kibana", Sign::Field("kbn-name")),
    product("Kibana", Sign::Field("kbn-version")),
    product("Jenkins", Sign::Field("x-jenkins")),
    product("InfluxDB", Sign::Field("x-influxdb-version")),
    product("ClickHouse", Sign::Field("x-clickhouse-summary")),
    product("Consul", Sign::Body(b"<title>Consul by HashiCorp")),
    product("MinIO", Sign::FieldHas("server", b"MinIO")),
    product("Grafana", Sign::Body(b"<title>Grafana")),
    product("Prometheus", Sign::Body(b"<title>Prometheus")),
    product("RabbitMQ Management", Sign::Body(b"<title>RabbitMQ Management")),
    product("Nacos", Sign::Body(b"<title>Nacos")),
    product("XXL-JOB", Sign::Body(b"xxl-job")),
    product("Druid", Sign::Body(b"<title>Apache Druid")),
    product("Solr", Sign::Body(b"<title>Solr Admin")),
    product("Spark", Sign::Body(b"<title>Spark Master")),
    product("Jupyter", Sign::Body(b"<title>Jupyter")),
    product("ActiveMQ", Sign::Body(b"<title>Apache ActiveMQ")),
    product("Zabbix", Sign::Body(b"Zabbix SIA")),
    product("Tomcat", Sign::Body(b"<title>Apache Tomcat")),
    product("WebLogic", Sign::StatusBody(404, b"From RFC 2068 <i>Hypertext Transfer Protocol")),
    product("etcd", Sign::FieldHas("x-etcd-index", b"")),
    product("HAProxy", Sign::StatusBody(503, b"No server is available to handle this request.")),
    product("HAProxy", Sign::StatusBody(400, b"Your browser sent an invalid request.")),
    product("Squid", Sign::FieldHas("x-squid-error", b"")),
    product("tinyproxy", Sign::FieldHas("server", b"tinyproxy")),
    // The page of `-www` begins with its own command line.
    product("OpenSSL s_server", Sign::Body(b"<pre>\n\ns_server ")),
    product("Spring Boot", Sign::Body(b"Whitelabel Error Page")),
];

pub(super) fn enrich(facts: ServiceFacts, message: &Message<'_>) -> ServiceFacts {
    let is_there = |sign: &Sign| match sign {
        Sign::Field(name) => message.field(name).is_some(),
        Sign::FieldHas(name, text) => message.field(name).is_some_and(|value| contains(value, text)),
        Sign::Body(text) => contains(&message.body, text),
        Sign::StatusBody(status, text) => message.status == *status && contains(&message.body, text),
    };
    let Some(product) = PRODUCTS.iter().find(|product| is_there(&product.sign)) else { return facts };
    let had_same_product =
        facts.product.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(product.name));
    let mut facts = facts.product(product.name);
    let from_field = match product.sign {
        Sign::Field(name) => {
            message.field(name).filter(|value| value.first().is_some_and(u8::is_ascii_digit))
        }
        Sign::FieldHas(..) | Sign::Body(_) | Sign::StatusBody(..) => None,
    };
    let from_body = (!product.version_after.is_empty())
        .then(|| after(&message.body, product.version_after, b"\"<, "))
        .flatten();
    let from_server = message
        .field("server")
        .map(split_server)
        .and_then(|(name, version)| name.eq_ignore_ascii_case(product.name.as_bytes()).then_some(version));
    match from_field.or(from_body).or(from_server) {
        Some(version) => facts = facts.version(version),
        // The version of the web server in front isn't that of the product.
        None if !had_same_product => facts.version = None,
        None => {}
    }
    if product.open_if_ok && message.status == 200 {
        facts = facts.access(Access::NoAuthentication);
    }
    facts
}
