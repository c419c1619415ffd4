//! `show ...`: the listing commands.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{FIRST_NUMBER, Order};
use crate::balancer::Balancer;
use crate::event::CheckCode;
use crate::ids::BackendId;
use crate::profile::Version;
use crate::server::Server;
use crate::stats::{self, Wanted};

const STATE_HEADER: &str = "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord";
const STATE_HEADER_TAIL: &str =
    " srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port";

impl Balancer {
    pub(super) fn show_backend(&mut self, _order: &mut Order<'_>) -> String {
        let names = self
            .backends
            .iter()
            .map(|backend| format!("{}\n", backend.config.name));
        core::iter::once(String::from("# name\n"))
            .chain(names)
            .collect()
    }

    pub(super) fn show_info(&mut self, order: &mut Order<'_>) -> String {
        let uptime = order.now.as_secs();
        let running: u32 = self
            .backends
            .iter()
            .map(|backend| backend.farm.connections)
            .sum();
        let total: u64 = self
            .backends
            .iter()
            .map(|backend| backend.counters.stot)
            .sum();
        let (days, hours) = (uptime / 86400, uptime / 3600 % 24);
        let (minutes, seconds) = (uptime / 60 % 60, uptime % 60);
        format!(
            "Name: HAProxy\nVersion: {}\nNbthread: 1\nProcess_num: 1\nUptime: {days}d {hours}h{minutes:02}m{seconds:02}s\nUptime_sec: {uptime}\nCurrConns: {running}\nCumConns: {total}\nCumReq: {total}\n",
            self.profile.version.name(),
        )
    }

    /// The backends that the `index`-th word names: one, all, or none.
    fn shown_backends(&self, order: &Order<'_>, index: usize) -> Result<Vec<BackendId>, String> {
        match order.word(index) {
            "" => Ok(self.backends.iter().map(|backend| backend.id).collect()),
            name => match self.find_backend(name) {
                Some(id) => Ok(alloc::vec![id]),
                None => Err("Can't find backend.\n".into()),
            },
        }
    }

    pub(super) fn show_servers_state(&mut self, order: &mut Order<'_>) -> String {
        let backends = match self.shown_backends(order, 3) {
            Ok(backends) => backends,
            Err(complaint) => return complaint,
        };
        let old = self.profile.version == Version::V2_2;
        let mut text = format!(
            "1\n{STATE_HEADER}{}\n",
            if old { "" } else { STATE_HEADER_TAIL }
        );
        for id in backends {
            let backend = &self.backends[id.0 as usize];
            for server in backend.servers.iter().filter(|server| !server.deleted) {
                let member = &backend.farm.members[server.id.slot as usize];
                let address = server.config.address;
                let ip = address.map_or_else(|| "-".into(), |address| format!("{}", address.ip()));
                let port = address.map_or(0, |address| address.port());
                let line = format!(
                    "{} {} {} {} {ip} {} {} {} {} {} {} {} {} {} 0 0 {} - {port} -",
                    id.0 + FIRST_NUMBER,
                    backend.config.name,
                    member.id,
                    server.config.name,
                    server.state.number(),
                    server.admin,
                    server.uweight,
                    server.iweight,
                    server.change_age(order.now),
                    check_status_number(server),
                    check_result_number(server),
                    server.health,
                    check_state_bits(server),
                    u8::from(server.config.id.is_some()),
                );
                text.push_str(&line);
                text.push_str(if old { "\n" } else { " 0 0 - - 0\n" });
            }
        }
        text
    }

    pub(super) fn show_servers_conn(&mut self, order: &mut Order<'_>) -> String {
        let backends = match self.shown_backends(order, 3) {
            Ok(backends) => backends,
            Err(complaint) => return complaint,
        };
        let mut text = String::from(match self.profile.version {
            Version::V2_2 | Version::V2_6 => {
                "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[1]\n"
            }
            Version::V3_4 => {
                "# bkname/svname bkid/svid addr port - purge_delay served used_cur used_max need_est idle_sess unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[1]\n"
            }
        });
        let new = self.profile.version == Version::V3_4;
        for id in backends {
            let backend = &self.backends[id.0 as usize];
            for server in backend.servers.iter().filter(|server| !server.deleted) {
                let member = &backend.farm.members[server.id.slot as usize];
                let address = server.config.address;
                let ip = address.map_or_else(|| "-".into(), |address| format!("{}", address.ip()));
                let port = address.map_or(0, |address| address.port());
                let served = if new {
                    format!("{} ", member.served)
                } else {
                    String::new()
                };
                let idle = if new { "0 " } else { "" };
                let line = format!(
                    "{}/{} {}/{} {ip} {port} - 5000 {served}{} {} {} {idle}0 0 -1 0 0\n",
                    backend.config.name,
                    server.config.name,
                    id.0 + FIRST_NUMBER,
                    member.id,
                    server.connections,
                    server.counters.smax,
                    server.counters.smax,
                );
                text.push_str(&line);
            }
        }
        text
    }

    /// `show stat [{<iid>|<proxy>} <type> <sid>] [typed|json] [desc] [up|no-maint]`
    pub(super) fn show_stat(&mut self, order: &mut Order<'_>) -> String {
        const FORMS: [&str; 5] = ["typed", "json", "desc", "up", "no-maint"];
        let words = order.words.get(2..).unwrap_or_default();
        let place = words.iter().position(|word| FORMS.contains(word));
        let (subject, forms) = words.split_at(place.unwrap_or(words.len()));
        let word = |index: usize| subject.get(index).copied().unwrap_or("");
        let backend = match word(0) {
            "" | "-1" => None,
            name => match self.find_backend(name) {
                Some(id) => Some(id),
                None => return "No such proxy.\n".into(),
            },
        };
        let asks = |form: &str| forms.contains(&form);
        let rows = self.stat_rows_of(
            order.now,
            &Wanted {
                backend,
                kinds: word(1).parse::<i32>().unwrap_or(-1) as u32,
                server: word(2).parse::<i64>().ok().filter(|id| *id >= 0),
                only_up: asks("up"),
                no_maint: asks("no-maint"),
            },
        );
        if asks("json") {
            stats::json(&rows)
        } else if asks("typed") {
            stats::typed(&rows)
        } else {
            stats::csv(&rows)
        }
    }

    pub(super) fn show_table(&mut self, order: &mut Order<'_>) -> String {
        self.table_text(order.now, order.words.get(2..).unwrap_or_default())
    }
}

/// The number of the last check's verdict among HAProxy's check statuses.
fn check_status_number(server: &Server) -> u8 {
    match server.check_code() {
        _ if !server.check.configured => 1,
        CheckCode::Unknown => 0,
        CheckCode::Initializing => 1,
        CheckCode::HealthAnalyze => 4,
        CheckCode::SocketError => 5,
        CheckCode::L4Ok => 6,
        CheckCode::L4Timeout => 7,
        CheckCode::L4Connection => 8,
        CheckCode::L7Timeout => 12,
        CheckCode::L7Response => 13,
        CheckCode::L7Ok => 15,
        CheckCode::L7OkConditional => 16,
        CheckCode::L7Status => 17,
    }
}

/// 0 unknown, 1 neutral, 2 failed, 3 passed, 4 conditionally passed.
fn check_result_number(server: &Server) -> u8 {
    match server.check.last {
        None => 0,
        Some(last) if last.code == CheckCode::L7OkConditional => 4,
        Some(last) if last.code.passed() => 3,
        Some(_) => 2,
    }
}

/// 1 in progress, 2 configured, 4 enabled, 8 paused.
fn check_state_bits(server: &Server) -> u8 {
    let check = &server.check;
    u8::from(check.run.is_some())
        | u8::from(check.configured) << 1
        | u8::from(check.configured && check.enabled) << 2
        | u8::from(check.configured && check.paused) << 3
}
