//! The names of HAProxy 2.6's sample fetches, converters and ACL keywords, as data.
//!
//! An entry is `name` or `name/LEAST-MOST` with the numbers of arguments; a last letter says
//! that the first argument names a backend, frontend, server, table or user list, or `T` that the
//! last one names a table.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::stage::{self, Needs};

/// What kind of value a fetch gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// True or false.
    Bool,
    /// A number.
    Int,
    /// A text (a method is one).
    Str,
    /// Bytes.
    Bin,
    /// An address.
    Ip,
    /// Whatever was stored.
    Any,
}

/// What an argument of a fetch or a converter names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Names {
    /// Nothing that must exist.
    Nothing,
    /// A backend.
    Backend,
    /// A frontend.
    Frontend,
    /// A server, `[backend/]server`.
    Server,
    /// A stick table.
    Table,
    /// A user list.
    Users,
    /// Something that a Lua file defines.
    Lua,
}

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// The least and the most arguments.
    pub(super) arguments: (usize, usize),
    pub(super) names: Names,
    /// The place of the argument that names it.
    pub(super) named: usize,
    /// What a fetch needs.
    pub(super) needs: Needs,
}

/// The sample fetch called `name`.
pub(super) fn fetch(name: &str) -> Option<Entry> {
    FETCHES.get(name).copied().or_else(|| lua(name))
}

/// The converter called `name`.
pub(super) fn converter(name: &str) -> Option<Entry> {
    CONVERTERS.get(name).copied().or_else(|| lua(name))
}

/// What a Lua file may define.
fn lua(name: &str) -> Option<Entry> {
    name.strip_prefix("lua.").filter(|name| !name.is_empty())?;
    Some(Entry {
        kind: Kind::Str,
        arguments: (0, 12),
        names: Names::Lua,
        named: 0,
        needs: stage::needs(""),
    })
}

/// What an ACL keyword that is no fetch stands for: a fetch and a matching method.
pub(super) fn shorthand(name: &str) -> Option<(&'static str, &'static str)> {
    SHORTHANDS.get(name).copied()
}

/// Every name that can begin an expression.
pub(super) fn fetch_names() -> impl Iterator<Item = &'static str> {
    FETCHES.keys().copied()
}

/// Every name that can begin an ACL.
pub(super) fn acl_names() -> impl Iterator<Item = &'static str> {
    FETCHES.keys().chain(SHORTHANDS.keys()).copied()
}

/// The names of the converters.
pub(super) fn converter_names() -> impl Iterator<Item = &'static str> {
    CONVERTERS.keys().copied()
}

static FETCHES: LazyLock<BTreeMap<&str, Entry>> = LazyLock::new(|| {
    [
        (BOOL, Kind::Bool),
        (INT, Kind::Int),
        (STR, Kind::Str),
        (BIN, Kind::Bin),
        (IP, Kind::Ip),
        (ANY, Kind::Any),
    ]
    .into_iter()
    .flat_map(|(list, kind)| entries(list, kind))
    .collect()
});

static CONVERTERS: LazyLock<BTreeMap<&str, Entry>> = LazyLock::new(|| {
    [
        (TO_BOOL, Kind::Bool),
        (TO_INT, Kind::Int),
        (TO_STR, Kind::Str),
        (TO_BIN, Kind::Bin),
        (TO_IP, Kind::Ip),
        (TO_ANY, Kind::Any),
    ]
    .into_iter()
    .flat_map(|(list, kind)| entries(list, kind))
    .collect()
});

static SHORTHANDS: LazyLock<BTreeMap<&str, (&str, &str)>> = LazyLock::new(|| {
    ACLS.split_whitespace()
        .filter_map(|entry| {
            let (name, meaning) = entry.split_once('=')?;
            Some((name, meaning.split_once(',')?))
        })
        .collect()
});

fn entries(list: &'static str, kind: Kind) -> impl Iterator<Item = (&'static str, Entry)> {
    list.split_whitespace().map(move |text| {
        let (name, arity) = text.split_once('/').unwrap_or((text, "0-0"));
        let (least, most) = arity.split_once('-').unwrap_or(("0", "0"));
        let (digits, names) = match most.chars().last() {
            Some('b') => (&most[..most.len() - 1], Names::Backend),
            Some('f') => (&most[..most.len() - 1], Names::Frontend),
            Some('s') => (&most[..most.len() - 1], Names::Server),
            Some('t' | 'T') => (&most[..most.len() - 1], Names::Table),
            Some('u') => (&most[..most.len() - 1], Names::Users),
            _ => (most, Names::Nothing),
        };
        let number = |text: &str| text.parse().unwrap_or(0_usize);
        let place = if most.ends_with('T') {
            number(digits) - 1
        } else {
            0
        };
        let entry = Entry {
            kind,
            arguments: (number(least), number(digits)),
            names,
            named: place,
            needs: stage::needs(name),
        };
        (name, entry)
    })
}

/// Fetches that are true or false.
const BOOL: &str = "\
    always_false always_true bool/1-1 dst_is_local fc_dst_is_local fc_rcvd_proxy fc_src_is_local \
    http_auth/1-1u http_first_req internal.htx.has_eom internal.strm.is_htx req.proto_http \
    req.ssl_ec_ext req_proto_http res.cache_hit res.comp sc0_tracked/0-1t sc1_tracked/0-1t \
    sc2_tracked/0-1t sc_tracked/1-2T src_is_local srv_is_up/1-1s ssl_bc ssl_bc_is_resumed \
    ssl_c_used ssl_fc ssl_fc_has_crt ssl_fc_has_early ssl_fc_has_sni ssl_fc_is_resumed stopping \
    wait_end \
";

/// Fetches that are numbers.
const INT: &str = "\
    avg_queue/1-1b base32 bc_dst bc_dst_port bc_err bc_http_major bc_src bc_src_port \
    be_conn/1-1b be_conn_free/1-1b be_id be_server_timeout be_sess_rate/1-1b be_tunnel_timeout \
    connslots/1-1b cook_cnt/0-1 cook_val/0-1 cpu_calls cpu_ns_avg cpu_ns_tot cur_server_timeout \
    cur_tunnel_timeout date/0-2 date_us distcc_param/1-2 dst_conn dst_port fc_dst_port fc_err \
    fc_fackets/0-1 fc_http_major fc_lost/0-1 fc_reordering/0-1 fc_retrans/0-1 fc_rtt/0-1 \
    fc_rttvar/0-1 fc_sacked/0-1 fc_src_port fc_unacked/0-1 fe_client_timeout fe_conn/1-1f fe_id \
    fe_req_rate/1-1f fe_sess_rate/1-1f hdr_cnt/0-1 hdr_val/0-2 int/1-1 internal.htx.data \
    internal.htx.free internal.htx.free_data internal.htx.nbblks internal.htx.size \
    internal.htx.used internal.htx_blk.size/1-1 last_rule_line lat_ns_avg lat_ns_tot nbproc \
    nbsrv/1-1b prio_class prio_offset proc queue/1-1b rand/0-1 rdp_cookie_cnt/0-1 \
    rep_ssl_hello_type req.body_len req.body_size req.cook_cnt/0-1 req.cook_val/0-1 \
    req.fhdr_cnt/0-1 req.hdr_cnt/0-1 req.hdr_val/0-2 req.len req.rdp_cookie_cnt/0-1 \
    req.ssl_hello_type req.ssl_st_ext req.ssl_ver req_len req_ssl_hello_type req_ssl_ver \
    res.body_len res.body_size res.cook_cnt/0-1 res.cook_val/0-1 res.fhdr_cnt/0-1 \
    res.hdr_cnt/0-1 res.hdr_val/0-2 res.len res.ssl_hello_type sc0_bytes_in_rate/0-1t \
    sc0_bytes_out_rate/0-1t sc0_clr_gpc0/0-1t sc0_clr_gpc1/0-1t sc0_conn_cnt/0-1t \
    sc0_conn_cur/0-1t sc0_conn_rate/0-1t sc0_get_gpc0/0-1t sc0_get_gpc1/0-1t sc0_get_gpt0/0-1t \
    sc0_gpc0_rate/0-1t sc0_gpc1_rate/0-1t sc0_http_err_cnt/0-1t sc0_http_err_rate/0-1t \
    sc0_http_fail_cnt/0-1t sc0_http_fail_rate/0-1t sc0_http_req_cnt/0-1t sc0_http_req_rate/0-1t \
    sc0_inc_gpc0/0-1t sc0_inc_gpc1/0-1t sc0_kbytes_in/0-1t sc0_kbytes_out/0-1t sc0_sess_cnt/0-1t \
    sc0_sess_rate/0-1t sc0_trackers/0-1t sc1_bytes_in_rate/0-1t sc1_bytes_out_rate/0-1t \
    sc1_clr_gpc/1-2T sc1_clr_gpc0/0-1t sc1_clr_gpc1/0-1t sc1_conn_cnt/0-1t sc1_conn_cur/0-1t \
    sc1_conn_rate/0-1t sc1_get_gpc0/0-1t sc1_get_gpc1/0-1t sc1_get_gpt0/0-1t sc1_gpc0_rate/0-1t \
    sc1_gpc1_rate/0-1t sc1_http_err_cnt/0-1t sc1_http_err_rate/0-1t sc1_http_fail_cnt/0-1t \
    sc1_http_fail_rate/0-1t sc1_http_req_cnt/0-1t sc1_http_req_rate/0-1t sc1_inc_gpc0/0-1t \
    sc1_inc_gpc1/0-1t sc1_kbytes_in/0-1t sc1_kbytes_out/0-1t sc1_sess_cnt/0-1t \
    sc1_sess_rate/0-1t sc1_trackers/0-1t sc2_bytes_in_rate/0-1t sc2_bytes_out_rate/0-1t \
    sc2_clr_gpc0/0-1t sc2_clr_gpc1/0-1t sc2_conn_cnt/0-1t sc2_conn_cur/0-1t sc2_conn_rate/0-1t \
    sc2_get_gpc0/0-1t sc2_get_gpc1/0-1t sc2_get_gpt0/0-1t sc2_gpc0_rate/0-1t sc2_gpc1_rate/0-1t \
    sc2_http_err_cnt/0-1t sc2_http_err_rate/0-1t sc2_http_fail_cnt/0-1t sc2_http_fail_rate/0-1t \
    sc2_http_req_cnt/0-1t sc2_http_req_rate/0-1t sc2_inc_gpc0/0-1t sc2_inc_gpc1/0-1t \
    sc2_kbytes_in/0-1t sc2_kbytes_out/0-1t sc2_sess_cnt/0-1t sc2_sess_rate/0-1t \
    sc2_trackers/0-1t sc_bytes_in_rate/1-2T sc_bytes_out_rate/1-2T sc_clr_gpc/2-3T sc_clr_gpc0/1-2T \
    sc_clr_gpc1/1-2T sc_conn_cnt/1-2T sc_conn_cur/1-2T sc_conn_rate/1-2T sc_get_gpc/2-3T \
    sc_get_gpc0/1-2T sc_get_gpc1/1-2T sc_get_gpt/2-3T sc_get_gpt0/1-2T sc_gpc0_rate/1-2T \
    sc_gpc1_rate/1-2T sc_gpc_rate/2-3T sc_http_err_cnt/1-2T sc_http_err_rate/1-2T \
    sc_http_fail_cnt/1-2T sc_http_fail_rate/1-2T sc_http_req_cnt/1-2T sc_http_req_rate/1-2T \
    sc_inc_gpc/2-3T sc_inc_gpc0/1-2T sc_inc_gpc1/1-2T sc_kbytes_in/1-2T sc_kbytes_out/1-2T \
    sc_sess_cnt/1-2T sc_sess_rate/1-2T sc_trackers/1-2T scook_cnt/0-1 scook_val/0-1 shdr_cnt/0-1 \
    shdr_val/0-2 so_id src_bytes_in_rate/1-1t src_bytes_out_rate/1-1t src_clr_gpc/2-2T \
    src_clr_gpc0/1-1t src_clr_gpc1/1-1t src_conn_cnt/1-1t src_conn_cur/1-1t src_conn_rate/1-1t \
    src_get_gpc/2-2T src_get_gpc0/1-1t src_get_gpc1/1-1t src_get_gpt/2-2T src_get_gpt0/1-1t \
    src_gpc0_rate/1-1t src_gpc1_rate/1-1t src_gpc_rate/2-2T src_http_err_cnt/1-1t \
    src_http_err_rate/1-1t src_http_fail_cnt/1-1t src_http_fail_rate/1-1t src_http_req_cnt/1-1t \
    src_http_req_rate/1-1t src_inc_gpc/2-2T src_inc_gpc0/1-1t src_inc_gpc1/1-1t \
    src_kbytes_in/1-1t src_kbytes_out/1-1t src_port src_sess_cnt/1-1t src_sess_rate/1-1t \
    src_updt_conn_cnt/1-1t srv_conn/1-1s srv_conn_free/1-1s srv_id srv_iweight/1-1s \
    srv_queue/1-1s srv_sess_rate/1-1s srv_uweight/1-1s srv_weight/1-1s ssl_bc_alg_keysize \
    ssl_bc_err ssl_bc_use_keysize ssl_c_ca_err ssl_c_ca_err_depth ssl_c_err ssl_c_verify \
    ssl_c_version ssl_f_version ssl_fc_alg_keysize ssl_fc_cipherlist_xxh ssl_fc_err \
    ssl_fc_protocol_hello_id ssl_fc_use_keysize ssl_s_version status table_avl/1-1t \
    table_cnt/1-1t thread url32 url_port urlp_val/0-2 \
";

/// Fetches that are texts.
const STR: &str = "\
    base baseq bc_err_str be_name capture.req.hdr/1-1 capture.req.method capture.req.uri \
    capture.req.ver capture.res.hdr/1-1 capture.res.ver cook/0-1 cookie/0-1 env/0-1 fc_err_str \
    fc_pp_authority fc_pp_unique_id fcgi.docroot fcgi.index fe_defbe fe_name hdr/0-2 hostname \
    http_auth_bearer/0-1 http_auth_group/1-1u http_auth_pass http_auth_type http_auth_user \
    internal.htx_blk.hdrname/1-1 internal.htx_blk.hdrval/1-1 internal.htx_blk.start_line/1-1 \
    internal.htx_blk.type/1-1 last_rule_file meth/0-1 method path pathq query rdp_cookie/0-1 \
    req.cook/0-1 req.fhdr/0-2 req.hdr/0-2 req.hdr_names/0-1 req.rdp_cookie/0-1 req.ssl_alpn \
    req.ssl_sni req.ver req_ssl_sni req_ver res.cache_name res.comp_algo res.cook/0-1 \
    res.fhdr/0-2 res.hdr/0-2 res.hdr_names/0-1 res.ver resp_ver scook/0-1 shdr/0-2 so_name \
    srv_name ssl_bc_alpn ssl_bc_cipher ssl_bc_err_str ssl_bc_npn ssl_bc_protocol ssl_c_i_dn/0-3 \
    ssl_c_key_alg ssl_c_notafter ssl_c_notbefore ssl_c_s_dn/0-3 ssl_c_sig_alg ssl_f_i_dn/0-3 \
    ssl_f_key_alg ssl_f_notafter ssl_f_notbefore ssl_f_s_dn/0-3 ssl_f_sig_alg ssl_fc_alpn \
    ssl_fc_cipher ssl_fc_cipherlist_bin/0-1 ssl_fc_cipherlist_str/0-1 \
    ssl_fc_client_early_traffic_secret ssl_fc_client_handshake_traffic_secret \
    ssl_fc_client_traffic_secret_0 ssl_fc_early_exporter_secret ssl_fc_ecformats_bin \
    ssl_fc_eclist_bin/0-1 ssl_fc_err_str ssl_fc_exporter_secret ssl_fc_extlist_bin/0-1 \
    ssl_fc_npn ssl_fc_protocol ssl_fc_server_handshake_traffic_secret \
    ssl_fc_server_traffic_secret_0 ssl_fc_sni ssl_s_i_dn/0-3 ssl_s_key_alg ssl_s_notafter \
    ssl_s_notbefore ssl_s_s_dn/0-3 ssl_s_sig_alg str/0-1 unique-id url url_param/0-2 urlp/0-2 \
    uuid/0-1 \
";

/// Fetches that are bytes.
const BIN: &str = "\
    base32+src bin/1-1 distcc_body/1-2 internal.htx_blk.data/1-1 payload/2-2 payload_lv/2-3 \
    req.body req.body_param/0-1 req.hdrs req.hdrs_bin req.payload/2-2 req.payload_lv/2-3 \
    res.body res.hdrs res.hdrs_bin res.payload/2-2 res.payload_lv/2-3 ssl_bc_client_random \
    ssl_bc_server_random ssl_bc_session_id ssl_bc_session_key ssl_bc_unique_id ssl_c_chain_der \
    ssl_c_der ssl_c_serial ssl_c_sha1 ssl_f_der ssl_f_serial ssl_f_sha1 \
    ssl_fc_cipherlist_hex/0-1 ssl_fc_client_random ssl_fc_server_random ssl_fc_session_id \
    ssl_fc_session_key ssl_fc_unique_id ssl_s_chain_der ssl_s_der ssl_s_serial ssl_s_sha1 \
    url32+src \
";

/// Fetches that are addresses.
const IP: &str = "\
    dst fc_dst fc_src hdr_ip/0-2 ipv4/1-1 ipv6/1-1 req.hdr_ip/0-2 res.hdr_ip/0-2 shdr_ip/0-2 src \
    url_ip \
";

/// Fetches of what was stored.
const ANY: &str = "\
    var/1-2 \
";

/// Converters to true or false.
const TO_BOOL: &str = "\
    bool even fix_is_valid in_table/1-1t mqtt_is_valid not odd secure_memcmp/1-1 \
";

/// Converters to numbers.
const TO_INT: &str = "\
    add/0-1 and/0-1 cpl crc32/0-1 crc32c/0-1 div/0-1 djb2/0-1 hex2i jwt_verify/2-2 length \
    map_beg_int/1-2 map_dir_int/1-2 map_dom_int/1-2 map_end_int/1-2 map_int_int/1-2 \
    map_ip_int/1-2 map_reg_int/1-2 map_str_int/1-2 map_sub_int/1-2 mod/0-1 mul/0-1 nbsrv neg \
    or/0-1 port_only sdbm/0-1 srv_queue strcmp/1-1 sub/0-1 table_bytes_in_rate/1-1t \
    table_bytes_out_rate/1-1t table_conn_cnt/1-1t table_conn_cur/1-1t table_conn_rate/1-1t \
    table_expire/1-2t table_gpc/2-2T table_gpc0/1-1t table_gpc0_rate/1-1t table_gpc1/1-1t \
    table_gpc1_rate/1-1t table_gpc_rate/2-2T table_gpt/2-2T table_gpt0/1-1t \
    table_http_err_cnt/1-1t table_http_err_rate/1-1t table_http_fail_cnt/1-1t \
    table_http_fail_rate/1-1t table_http_req_cnt/1-1t table_http_req_rate/1-1t table_idle/1-2t \
    table_kbytes_in/1-1t table_kbytes_out/1-1t table_server_id/1-1t table_sess_cnt/1-1t \
    table_sess_rate/1-1t table_trackers/1-1t wt6/0-1 xor/0-1 xxh3/0-1 xxh32/0-1 xxh64/0-1 \
";

/// Converters to texts.
const TO_STR: &str = "\
    add_item/2-3 base64 be2dec/1-3 be2hex/0-3 capture-req/1-1 capture-res/1-1 concat/0-3 \
    cut_crlf field/2-3 hex host_only http_date/0-2 iif/2-2 json/0-1 language/0-2 lower ltime/0-2 \
    ltrim/0-1 map/1-2 map_beg/1-2 map_dir/1-2 map_dom/1-2 map_end/1-2 map_int/1-2 map_ip/1-2 \
    map_reg/1-2 map_regm/1-2 map_str/1-2 map_sub/1-2 mqtt_field_value/2-2 regsub/2-3 rtrim/0-1 \
    ub64enc upper url_dec/0-1 url_enc/0-1 utime/0-2 word/2-3 \
";

/// Converters to bytes.
const TO_BIN: &str = "\
    aes_gcm_dec/4-4 b64dec bytes/1-2 digest/1-1 fix_tag_value/1-1 hmac/2-2 htonl protobuf/1-2 \
    sha1 sha2/0-1 ub64dec ungrpc/1-2 \
";

/// Converters to addresses.
const TO_IP: &str = "\
    ipmask/1-2 map_beg_ip/1-2 map_dir_ip/1-2 map_dom_ip/1-2 map_end_ip/1-2 map_int_ip/1-2 \
    map_ip_ip/1-2 map_reg_ip/1-2 map_str_ip/1-2 map_sub_ip/1-2 \
";

/// Converters to whatever is given.
const TO_ANY: &str = "\
    debug/0-2 json_query/1-2 jwt_header_query/0-2 jwt_payload_query/0-2 set-var/1-5 \
    unset-var/1-1 \
";

/// Shorthands: `name=fetch,method`.
const ACLS: &str = "\
    base=base,str base_beg=base,beg base_dir=base,dir base_dom=base,dom base_end=base,end \
    base_len=base,len base_reg=base,reg base_sub=base,sub cook=req.cook,str \
    cook_beg=req.cook,beg cook_dir=req.cook,dir cook_dom=req.cook,dom cook_end=req.cook,end \
    cook_len=req.cook,len cook_reg=req.cook,reg cook_sub=req.cook,sub hdr=req.hdr,str \
    hdr_beg=req.hdr,beg hdr_dir=req.hdr,dir hdr_dom=req.hdr,dom hdr_end=req.hdr,end \
    hdr_len=req.hdr,len hdr_reg=req.hdr,reg hdr_sub=req.hdr,sub \
    http_auth_group=http_auth_group,str method=method,str path=path,str path_beg=path,beg \
    path_dir=path,dir path_dom=path,dom path_end=path,end path_len=path,len path_reg=path,reg \
    path_sub=path,sub payload=req.payload,bin payload_lv=req.payload_lv,bin \
    req.ssl_ver=req.ssl_ver,int req_rdp_cookie=req.rdp_cookie,str \
    req_rdp_cookie_cnt=req.rdp_cookie_cnt,int req_ssl_sni=req.ssl_sni,str \
    req_ssl_ver=req.ssl_ver,int req_ver=req.ver,str resp_ver=res.ver,str scook=res.cook,str \
    scook_beg=res.cook,beg scook_dir=res.cook,dir scook_dom=res.cook,dom scook_end=res.cook,end \
    scook_len=res.cook,len scook_reg=res.cook,reg scook_sub=res.cook,sub shdr=res.hdr,str \
    shdr_beg=res.hdr,beg shdr_dir=res.hdr,dir shdr_dom=res.hdr,dom shdr_end=res.hdr,end \
    shdr_len=res.hdr,len shdr_reg=res.hdr,reg shdr_sub=res.hdr,sub ssl_fc_sni_end=ssl_fc_sni,end \
    ssl_fc_sni_reg=ssl_fc_sni,reg url=url,str url_beg=url,beg url_dir=url,dir url_dom=url,dom \
    url_end=url,end url_len=url,len url_reg=url,reg url_sub=url,sub urlp=urlp,str \
    urlp_beg=urlp,beg urlp_dir=urlp,dir urlp_dom=urlp,dom urlp_end=urlp,end urlp_len=urlp,len \
    urlp_reg=urlp,reg urlp_sub=urlp,sub \
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_say_what_the_manual_says() {
        let nbsrv = fetch("nbsrv").expect("known");
        assert_eq!((nbsrv.kind, nbsrv.names), (Kind::Int, Names::Backend));
        assert_eq!(fetch("path").map(|e| e.arguments), Some((0, 0)));
        assert_eq!(converter("field").map(|e| e.arguments), Some((2, 3)));
        assert_eq!(shorthand("hdr_dom"), Some(("req.hdr", "dom")));
        assert_eq!(fetch("nosuch"), None);
        let table = fetch("sc_get_gpc").expect("known");
        assert_eq!((table.names, table.named), (Names::Table, 2));
    }
}
