//! The sections of the proxy that are no backends, and their timeouts.

use serde::{Deserialize, Serialize};

use super::Time;

settings! {
    /// A `frontend` section.
    Frontend {
        /// `mode`: http or tcp.
        mode: String,
        /// The name of the `defaults` whose rules come first.
        from: String,
        /// `bind` lines: `:80`, `:443 ssl crt site.pem`.
        bind: Vec<String>,
        /// Whether it is a `listen` section, of one kind with the backend of its name.
        listen: bool,
        /// `maxconn`
        maxconn: i64,
        /// `timeout` lines.
        timeout: FrontendTimeouts,
        /// `default_backend`
        default_backend: String,
        /// `monitor-uri`
        monitor_uri: String,
        /// `stick-table`, for counters.
        stick_table: String,
        /// Lines that decide about connections and requests, in order: `acl`, `tcp-request`,
        /// `http-request`, `redirect`, `use_backend`, `monitor fail`.
        rules: Vec<String>,
    }

    /// `timeout` lines of a frontend.
    FrontendTimeouts {
        /// `timeout tarpit`
        tarpit: Time,
    }

    /// A `defaults` section with a name.
    Defaults {
        /// `mode`: http or tcp.
        mode: String,
        /// Lines that decide about requests, in order.
        rules: Vec<String>,
    }

    /// `timeout` lines of a backend.
    Timeouts {
        /// `timeout connect`
        connect: Time,
        /// `timeout server`
        server: Time,
        /// `timeout queue`
        queue: Time,
        /// `timeout check`
        check: Time,
        /// `timeout tarpit`
        tarpit: Time,
    }
}
