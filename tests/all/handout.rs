//! Do the pages under `docs` say what is true?

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use balancelab::scenario::{self, Code, Overrides};

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    fs::read_to_string(path).expect("the page is part of the repository")
}

/// The blocks of a page that are fenced as `language`.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    page.split(&opening)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or(rest))
        .collect()
}

/// The scenarios of the page load, without a warning; later ones extend the first.
#[test]
fn the_scenarios_of_the_language_page_load() {
    let page = page("scenarios.md");
    let blocks = blocks(&page, "ron");
    assert!(blocks.len() >= 2);
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    files.insert("base.ron".to_owned(), blocks[0].to_owned());
    for block in blocks {
        files.insert("block.ron".to_owned(), block.to_owned());
        match scenario::load("block.ron", &files, &Overrides::default()) {
            Ok(loaded) => assert_eq!(loaded.warnings, []),
            Err(refused) => panic!("{refused}"),
        }
    }
}

/// The claims and actions of the page's tables are claims and actions.
#[test]
fn the_tables_of_the_language_page_load() {
    let page = page("scenarios.md");
    let base = blocks(&page, "ron")[0].to_owned();
    let mut files = BTreeMap::from([("base.ron".to_owned(), base)]);
    let mut tried = 0;
    for (section, list) in [("### `timeline`", "timeline"), ("### `expect`", "expect")] {
        let table = page.split(section).nth(1).expect("the section is there");
        let rows = table.split("\n#").next().unwrap_or(table).lines();
        for cell in rows.filter_map(|row| row.strip_prefix("| `")?.split(" | ").next()) {
            for example in cell.trim_end_matches('`').split("`, `") {
                if example.contains("...") {
                    continue;
                }
                let entry = match list {
                    "timeline" => format!("(at: \"1s\", action: {example})"),
                    _ => example.to_owned(),
                };
                let clients = "clients: {\"late\": thread_group(loops: 1)}";
                let text = format!("(extends: \"base.ron\", {clients}, {list}: [{entry}])");
                files.insert("row.ron".to_owned(), text);
                if let Err(refused) = scenario::load("row.ron", &files, &Overrides::default()) {
                    panic!("{refused}");
                }
                tried += 1;
            }
        }
    }
    assert!(tried >= 14, "only {tried} examples were found");
}

/// Each code is on the page as the program tells it.
#[test]
fn the_language_page_lists_every_code() {
    let page = page("scenarios.md");
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| E") || line.starts_with("| W"))
        .collect();
    let told: Vec<String> = Code::ALL
        .iter()
        .map(|code| format!("| {} | {} | {} |", code.name(), code.title(), code.story()))
        .collect();
    assert_eq!(rows, told);
}
