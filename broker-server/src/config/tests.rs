#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::*;

fn parse(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect();
    Config::parse_from(std::iter::once("cryptobroker-server").chain(arguments.iter().copied()), &environment)
}

fn error(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    parse(arguments, environment).unwrap_err().to_string()
}

/// Flags with a value each, and the change that the value makes to the default configuration.
#[allow(clippy::type_complexity)]
fn settings() -> Vec<(&'static str, &'static str, fn(&mut Config))> {
    fn count(number: usize) -> NonZeroUsize {
        NonZeroUsize::new(number).unwrap()
    }
    vec![
        ("socket", "/run/a.sock", |c| c.sockets = Sockets::Named(vec!["/run/a.sock".into()])),
        ("socket-mode", "0660", |c| c.socket_mode = 0o660),
        ("socket", "unix:///run/a.sock", |c| c.sockets = Sockets::Named(vec!["/run/a.sock".into()])),
        ("socket-dir-mode", "0710", |c| c.socket_dir_mode = 0o710),
        ("socket-folder-check", "warn", |c| c.socket_folder_check = Some(FolderCheck::Warn)),
        ("socket-folder-check", "Strict", |c| c.socket_folder_check = Some(FolderCheck::Strict)),
        ("socket-group", "staff", |c| c.socket_group = Some(SocketGroup::Name("staff".into()))),
        ("socket-group", "27", |c| c.socket_group = Some(SocketGroup::Id(27))),
        ("profiles-dir", "/etc/broker", |c| c.profiles_dir = Some("/etc/broker".into())),
        ("shards", "3", |c| c.shards = count(3)),
        ("compute-threads", "5", |c| c.compute_threads = count(5)),
        ("queue-depth", "7", |c| c.queue_depth = count(7)),
        ("queue-wait", "250ms", |c| c.queue_wait = Duration::from_millis(250)),
        ("max-request-bytes", "4096", |c| c.max_request_bytes = 4096),
        ("max-response-bytes", "3MiB", |c| c.max_response_bytes = 3 << 20),
        ("max-connections", "9", |c| c.max_connections = 9),
        ("max-concurrent-streams", "11", |c| c.max_concurrent_streams = 11),
        ("max-pipeline-items", "12", |c| c.max_pipeline_items = NonZeroUsize::new(12).unwrap()),
        ("max-request-time", "1m30s", |c| c.max_request_time = Duration::from_secs(90)),
        ("drain-deadline", "20s", |c| c.drain_deadline = Duration::from_secs(20)),
        ("drain-idle", "0", |c| c.drain_idle = Duration::ZERO),
        ("ca-cache-entries", "16", |c| c.ca_cache_entries = 16),
        ("ca-cache-ttl", "1.5h", |c| c.ca_cache_ttl = Duration::from_secs(5400)),
        ("limit", "hash-input=2MiB", |c| c.limits.hash_input = 2 << 20),
        ("limit", "crl-distribution-points=3", |c| c.limits.crl_distribution_points_count = 3),
        ("limit", "plaintext=2MiB", |c| c.limits.plaintext = 2 << 20),
        ("limit", "kem-ciphertext=9", |c| c.limits.kem_ciphertext = 9),
        ("log-level", "WARN", |c| c.log.level = LogLevel::Warn),
        ("log-level", "debug", |c| c.log.level = LogLevel::Debug),
        ("log-filter", "info,h2=debug", |c| c.log.filter = "h2=debug,info".parse().unwrap()),
        ("log-format", "json", |c| c.log.format = LogFormat::Json),
        ("log-output", "stdout", |c| c.log.output = LogOutput::Stdout),
        ("log-output", "/var/log/broker", |c| c.log.output = LogOutput::File("/var/log/broker".into())),
        ("audit-log", "off", |c| c.audit.target = AuditTarget::Off),
        ("audit-log", "/var/log/audit", |c| c.audit.target = AuditTarget::File("/var/log/audit".into())),
        ("audit-wait", "250ms", |c| c.audit.wait = Duration::from_millis(250)),
    ]
}

fn variable(flag: &str) -> String {
    format!("CRYPTO_BROKER_{}", flag.replace('-', "_").to_uppercase())
}

#[test]
fn defaults_are_as_documented() {
    let config = parse(&[], &[]).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.sockets.paths(), DEFAULT_SOCKETS.map(PathBuf::from));
    assert_eq!((config.socket_mode, config.queue_depth.get()), (0o600, 1024));
    assert_eq!((config.max_request_bytes, config.max_response_bytes), (2097152, 2097152));
    assert_eq!(
        (config.drain_deadline, config.drain_idle, config.ca_cache_ttl),
        (Duration::from_secs(8), Duration::from_secs(1), Duration::from_secs(300))
    );
}

#[test]
fn every_flag_takes_precedence_over_its_variable() {
    for (flag, value, change) in settings() {
        let mut expected = Config::default();
        change(&mut expected);
        let argument = format!("--{flag}={value}");
        assert_eq!(parse(&[&argument], &[]).unwrap(), expected, "{argument}");
        assert_eq!(parse(&[], &[(&variable(flag), value)]).unwrap(), expected, "{}", variable(flag));
        assert_eq!(
            parse(&[], &[(&variable(flag), "")]).unwrap(),
            Config::default(),
            "empty {}",
            variable(flag)
        );
        if flag != "limit" {
            assert_eq!(
                parse(&[&argument], &[(&variable(flag), "\u{1}bad")]).unwrap(),
                expected,
                "{argument} takes precedence"
            );
        }
    }
}

#[test]
fn help_names_every_flag() {
    let help = error(&["--help"], &[]);
    for (flag, _, _) in settings() {
        assert!(help.contains(&format!("--{flag} ")), "--{flag}");
    }
    assert!(help.contains("Exit codes:"));
}

#[test]
fn invalid_value_error_has_origin_and_allowed_values() {
    let bad = [
        ("socket-mode", "999", "octal"),
        ("socket-mode", "0400", "octal"),
        ("socket-mode", "1777", "octal"),
        ("socket", "unix://run/a.sock", "unix:///PATH"),
        ("socket", "unix-abstract:a", "unix:///PATH"),
        ("socket-dir-mode", "0770", "owner alone"),
        ("socket-dir-mode", "0600", "owner alone"),
        ("socket-dir-mode", "1700", "owner alone"),
        ("socket-folder-check", "off", "strict or warn"),
        ("socket-group", "-3", "number"),
        ("shards", "0", "from 1 to 1024"),
        ("shards", "many", "from 1 to 1024"),
        ("compute-threads", "-1", "from 1"),
        ("queue-depth", "0", "from 1"),
        ("queue-wait", "soon", "8s"),
        ("max-request-bytes", "10", "1KiB"),
        ("max-response-bytes", "2MB", "2MiB"),
        ("max-request-bytes", "99999999999999999999", "1KiB"),
        ("max-connections", "0", "from 1"),
        ("max-concurrent-streams", "4294967296", "from 1"),
        ("max-request-time", "0", "8s"),
        ("drain-deadline", "8", "8s"),
        ("drain-deadline", "-8s", "8s"),
        ("drain-idle", "1d", "500ms"),
        ("ca-cache-entries", "-1", "from 0"),
        ("ca-cache-ttl", "1e400s", "8s"),
        ("limit", "hash-input", "NAME=NUMBER"),
        ("limit", "nonsense=1", "NAME=NUMBER"),
        ("limit", "csr=-1", "NAME=NUMBER"),
        ("log-level", "loud", "debug, info, warn or error"),
        ("log-filter", "h2=loud", "\"h2=loud\" has an unknown level"),
        ("log-filter", "info,", "info,h2=debug"),
        ("log-format", "xml", "json or text"),
    ];
    for (flag, value, allowed) in bad {
        let by_flag = error(&[&format!("--{flag}={value}")], &[]);
        assert!(by_flag.starts_with(&format!("--{flag}: ")) && by_flag.contains(allowed), "{by_flag}");
        let by_variable = error(&[], &[(&variable(flag), value)]);
        assert!(
            by_variable.starts_with(&format!("{}: ", variable(flag))) && by_variable.contains(allowed),
            "{by_variable}"
        );
    }
    assert!(error(&["--drain-idle=9s"], &[]).contains("--drain-deadline"));
}

#[test]
fn several_sockets_are_repeated_flags_or_a_list_in_the_variable() {
    let both = Sockets::Named(vec!["/a,b".into(), "/c".into()]);
    assert_eq!(parse(&["--socket", "/a,b", "--socket", "/c"], &[]).unwrap().sockets, both);
    let both = Sockets::Named(vec!["/a".into(), "/b".into()]);
    assert_eq!(parse(&[], &[("CRYPTO_BROKER_SOCKET", "/a, /b,")]).unwrap().sockets, both);
    let both = Sockets::Named(vec!["/a".into(), "b".into(), "/c".into()]);
    let variable = ("CRYPTO_BROKER_SOCKET", "unix:///a, unix:b,/c");
    assert_eq!(parse(&[], &[variable]).unwrap().sockets, both);
    assert!(error(&["--socket=/a", "--socket=/a"], &[]).contains("repeated"));
    assert!(error(&["--socket=/a", "--socket=unix:/a"], &[]).contains("repeated"));
    assert!(error(&["--socket="], &[]).starts_with("--socket: "));
    assert!(error(&[], &[("CRYPTO_BROKER_SOCKET", " , ")]).contains("commas"));
}

#[test]
fn folder_check_is_strict_for_configured_sockets_and_warns_for_default_ones() {
    let check = |arguments: &[&str]| parse(arguments, &[]).unwrap().folder_check();
    assert_eq!(check(&[]), FolderCheck::Warn);
    assert_eq!(check(&["--socket=/a"]), FolderCheck::Strict);
    assert_eq!(check(&["--socket-folder-check=strict"]), FolderCheck::Strict);
    assert_eq!(check(&["--socket=/a", "--socket-folder-check=warn"]), FolderCheck::Warn);
}

#[test]
fn accepts_switches_and_variables_of_the_go_broker() {
    assert!(parse(&["--dev", "--check"], &[]).is_ok_and(|config| config.dev && config.check));
    assert!(parse(&["--profiles-lenient"], &[]).unwrap().profiles_lenient);
    for value in ["1", "true", "YES"] {
        assert!(parse(&[], &[("CRYPTO_BROKER_DEV", value)]).unwrap().dev);
        assert!(parse(&[], &[("CRYPTO_BROKER_CHECK", value)]).unwrap().check);
        assert!(parse(&[], &[("CRYPTO_BROKER_PROFILES_LENIENT", value)]).unwrap().profiles_lenient);
    }
    assert!(!parse(&[], &[("CRYPTO_BROKER_DEV", "false")]).unwrap().dev);
    assert!(error(&[], &[("CRYPTO_BROKER_DEV", "maybe")]).contains("true or false"));
    assert!(parse(&[], &[("CRYPTO_BROKER_APP_ENV", "dev")]).unwrap().dev);
    assert!(!parse(&[], &[("CRYPTO_BROKER_APP_ENV", "production")]).unwrap().dev);
    let older = ("CRYPTO_BROKER_GRPC_MAX_CONCURRENT_STREAMS", "77");
    assert_eq!(parse(&[], &[older]).unwrap().max_concurrent_streams, 77);
    let ours = ("CRYPTO_BROKER_MAX_CONCURRENT_STREAMS", "88");
    assert_eq!(parse(&[], &[older, ours]).unwrap().max_concurrent_streams, 88);
}

#[test]
fn vector_instructions_can_be_switched_off() {
    let portable = |arguments: &[&str], variables: &[(&str, &str)]| {
        parse(arguments, variables).unwrap().circuits.portable
    };
    assert!(!portable(&[], &[]));
    assert!(portable(&["--groth16-portable"], &[]));
    assert!(portable(&[], &[("CRYPTO_BROKER_GROTH16_PORTABLE", "true")]));
    assert!(!portable(&[], &[("CRYPTO_BROKER_GROTH16_PORTABLE", "false")]));
    let error = error(&[], &[("CRYPTO_BROKER_GROTH16_PORTABLE", "avx2")]);
    assert!(error.contains("CRYPTO_BROKER_GROTH16_PORTABLE"), "{error}");
}

#[test]
fn limit_flags_take_precedence_over_the_variable() {
    let variable = ("CRYPTO_BROKER_LIMIT", "csr=1KiB,subject=99");
    let limits = parse(&["--limit=csr=2KiB", "--limit=ca-cert=5"], &[variable]).unwrap().limits;
    assert_eq!((limits.csr, limits.subject, limits.ca_cert), (2048, 99, 5));
}

#[test]
fn usage_errors_come_from_clap() {
    for arguments in [&["--nonsense"][..], &["serve"], &["--shards"], &["--shards=1", "--shards=2"]] {
        match parse(arguments, &[]).unwrap_err() {
            ConfigError::Usage(error) => assert_eq!(error.exit_code(), 2, "{arguments:?}"),
            other => panic!("{arguments:?}: {other}"),
        }
    }
    match parse(&["--version"], &[]).unwrap_err() {
        ConfigError::Usage(error) => assert_eq!(error.exit_code(), 0),
        other => panic!("{other}"),
    }
}
