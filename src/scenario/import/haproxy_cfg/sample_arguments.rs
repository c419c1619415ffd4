//! The kinds of the arguments of sample fetches and converters: numbers, variables, masks,
//! words of a list. Each was put to HAProxy 2.6.12.

use std::net::IpAddr;

use super::sample::variable;

/// Whose argument at the place of the list, from 1, is a whole number.
const NUMBERS: [&str; 2] = [
    "bytes capture-req capture-res capture.req.hdr capture.res.hdr crc32 crc32c date djb2 field \
    http_date int payload payload_lv rand req.payload req.payload_lv res.payload res.payload_lv \
    sc_bytes_in_rate sc_bytes_out_rate sc_clr_gpc sc_clr_gpc0 sc_clr_gpc1 sc_conn_cnt \
    sc_conn_cur sc_conn_rate sc_get_gpc sc_get_gpc0 sc_get_gpc1 sc_get_gpt sc_get_gpt0 \
    sc_gpc0_rate sc_gpc1_rate sc_gpc_rate sc_http_err_cnt sc_http_err_rate sc_http_fail_cnt \
    sc_http_fail_rate sc_http_req_cnt sc_http_req_rate sc_inc_gpc sc_inc_gpc0 sc_inc_gpc1 \
    sc_kbytes_in sc_kbytes_out sc_sess_cnt sc_sess_rate sc1_clr_gpc sc_tracked sc_trackers sdbm src_clr_gpc \
    src_get_gpc src_get_gpt src_gpc_rate src_inc_gpc ssl_fc_cipherlist_bin \
    ssl_fc_cipherlist_hex ssl_fc_cipherlist_str ssl_fc_eclist_bin ssl_fc_extlist_bin table_gpc \
    table_gpc_rate table_gpt url_dec word wt6 xxh3 xxh32 xxh64",
    "bytes hdr hdr_ip hdr_val ltime map_beg_int map_dir_int map_dom_int map_end_int map_int_int \
    map_ip_int map_reg_int map_str_int map_sub_int payload payload_lv req.fhdr req.hdr \
    req.hdr_ip req.hdr_val req.payload req.payload_lv res.fhdr res.hdr res.hdr_ip res.hdr_val \
    res.payload res.payload_lv sc_clr_gpc sc_get_gpc sc_get_gpt sc_gpc_rate sc_inc_gpc shdr \
    shdr_ip shdr_val ssl_c_i_dn ssl_c_s_dn ssl_f_i_dn ssl_f_s_dn ssl_s_i_dn ssl_s_s_dn utime",
];

/// Whether the arguments of the fetch or converter called `name` are of the right kinds.
///
/// # Errors
/// What is wrong with the first that is not.
pub(super) fn judge(name: &str, arguments: &[String]) -> Result<(), String> {
    let first = arguments.first().map(String::as_str);
    for (place, (argument, list)) in arguments.iter().zip(NUMBERS).enumerate() {
        let wanted = list.split_whitespace().any(|known| known == name);
        if wanted && !is_number(argument) && !argument.is_empty() {
            let which = if place == 0 { "first" } else { "second" };
            return Err(format!(
                "the {which} argument of `{name}` is a whole number, not `{argument}`"
            ));
        }
    }
    let Some(first) = first else {
        return Ok(());
    };
    let one_of = |known: &[&str]| {
        if known.contains(&first) {
            Ok(())
        } else {
            let known = known.join("`, `");
            Err(format!("`{name}` takes one of `{known}`, not `{first}`"))
        }
    };
    match name {
        "add" | "and" | "div" | "mod" | "mul" | "or" | "sub" | "xor" if !first.is_empty() => {
            if is_number(first) {
                Ok(())
            } else {
                variable(first)
            }
        }
        "strcmp" | "secure_memcmp" => variable(first),
        "ipmask" => {
            (arguments.iter().zip([32, 128])).try_for_each(|(argument, most)| mask(argument, most))
        }
        "ipv4" | "ipv6" => match first.parse::<IpAddr>() {
            Ok(ip) if ip.is_ipv4() == (name == "ipv4") => Ok(()),
            _ => Err(format!("`{first}` is no address for `{name}`")),
        },
        "bool" if !["true", "false"].contains(&first.to_ascii_lowercase().as_str()) => {
            one_of(&["0", "1", "true", "false"])
        }
        "bin"
            if !first.len().is_multiple_of(2)
                || first.contains(|c: char| !c.is_ascii_hexdigit()) =>
        {
            Err(format!("`{first}` is not a list of hexadecimal bytes"))
        }
        "uuid" => one_of(&["4"]),
        "sha2" => one_of(&["224", "256", "384", "512"]),
        "url_enc" if !first.is_empty() => one_of(&["query"]),
        "json" if !first.is_empty() => one_of(&["ascii", "utf8", "utf8s", "utf8p", "utf8ps"]),
        "fc_rtt" | "fc_rttvar" => one_of(&["us", "ms"]),
        "date" | "http_date" => match arguments.get(1).map(String::as_str) {
            None | Some("" | "s" | "ms" | "us") => Ok(()),
            Some(unit) => Err(format!(
                "`{name}` counts in `s`, `ms` or `us`, not `{unit}`"
            )),
        },
        "concat" | "add_item" => match arguments.get(1) {
            Some(name) if !name.is_empty() => variable(name),
            _ => Ok(()),
        },
        "json_query" | "jwt_header_query" | "jwt_payload_query" => match arguments.get(1) {
            Some(kind) if kind != "int" => Err(format!("`{name}` only makes `int`, not `{kind}`")),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<i64>().is_ok()
}

/// A number of bits, or bits in the form of an address.
fn mask(text: &str, most: u8) -> Result<(), String> {
    let bits = text.parse::<u8>().is_ok_and(|bits| bits <= most);
    let form = (text.parse::<IpAddr>()).is_ok_and(|ip| ip.is_ipv4() == (most == 32));
    if bits || form {
        Ok(())
    } else {
        Err(format!("`{text}` is no mask of up to {most} bits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_have_kinds() {
        for (name, arguments, fine) in [
            ("hdr", &["host", "-1"][..], true),
            ("hdr", &["host", "x"], false),
            ("field", &["a", ":"], false),
            ("bytes", &["1", "b"], false),
            ("add", &["txn.a"], true),
            ("add", &["a"], false),
            ("ipmask", &["24", "64"], true),
            ("ipmask", &["33"], false),
            ("ipmask", &["255.255.0.0"], true),
            ("bool", &["maybe"], false),
            ("sha2", &["256"], true),
            ("bin", &["a0"], true),
            ("bin", &["a"], false),
            ("bin", &["xx"], false),
            ("sha2", &["100"], false),
            ("lower", &[], true),
        ] {
            let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
            assert_eq!(
                judge(name, &arguments).is_ok(),
                fine,
                "{name} {arguments:?}"
            );
        }
    }
}
