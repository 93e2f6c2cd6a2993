//! Years in the life of the post-certificate scheme, through the binary: two terms, four topics, absences, failures,
//! resits, transfers, leavers, a revocation, renewals; coverage on five days against a calculation of the test's own.

use std::fmt::Write as _;

use chrono::{Days, NaiveDate};

use crate::sandbox::{Sandbox, credit_code};

const N_UNITS: usize = 60;
const N_PEOPLE: usize = 2000;

/// What becomes of a person follows from the number.
#[derive(Clone, Copy)]
struct Person(usize);

#[derive(Clone, Copy, PartialEq)]
enum Post {
    Maintainer,
    Developer,
    Head,
}

impl Person {
    fn all() -> impl Iterator<Item = Person> {
        (0..N_PEOPLE).map(Person)
    }

    fn name(self) -> String {
        format!("虚构{:04}", self.0)
    }

    fn unit(self) -> usize {
        self.0 % N_UNITS
    }

    fn post(self) -> Post {
        match self.0 {
            0..1200 => Post::Maintainer,
            1200..1600 => Post::Developer,
            _ => Post::Head,
        }
    }

    /// Of the unit's two systems the one of level 3, where it is true.
    fn is_at_level_3(self) -> bool {
        (self.0 / N_UNITS).is_multiple_of(2)
    }

    fn fate(self) -> usize {
        self.0 % 10
    }

    fn is_maintainer(self) -> bool {
        self.post() == Post::Maintainer
    }

    fn is_transferred(self) -> bool {
        (61..65).contains(&self.0)
    }

    fn leaves(self) -> bool {
        (65..68).contains(&self.0)
    }

    fn is_revoked(self) -> bool {
        self.0 == 4
    }

    fn is_renewed(self) -> bool {
        self.has_first_batch() && self.0 < 30 && !self.is_revoked()
    }

    /// Passed both topics in the first term, after the resit at the latest.
    fn has_first_batch(self) -> bool {
        self.is_maintainer() && !matches!(self.fate(), 0 | 2 | 3)
    }

    /// Passed the topic that was missing in the second term.
    fn has_second_batch(self) -> bool {
        match self.post() {
            Post::Maintainer => self.fate() == 3,
            Post::Developer => self.fate() != 4,
            Post::Head => self.fate() != 5,
        }
    }

    /// Whether a certificate counts on a day, by the rules of the scheme counted anew.
    fn is_certified(self, on: NaiveDate) -> bool {
        let issued = match (self.has_first_batch(), self.has_second_batch()) {
            (true, _) => day("2023-07-01"),
            (_, true) => day("2023-12-20"),
            _ => return false,
        };
        if on < issued || (self.is_revoked() && on >= day("2023-10-01")) {
            return false;
        }
        if self.is_renewed() && on >= day("2026-06-01") {
            return true;
        }
        // Three years; without a review 18 months and 30 days, but for heads, who have none.
        let lasts = if self.post() == Post::Head {
            months_later(issued, 36)
        } else {
            months_later(issued, 18) + Days::new(30)
        };
        on < lasts
    }

    /// The post on a day: unit, and whether at the system of level 3, that of level 2, or the unit as a whole.
    fn held(self, on: NaiveDate) -> Option<(usize, Option<bool>)> {
        let place = match self.post() {
            Post::Maintainer => Some(self.is_at_level_3()),
            Post::Developer => Some(true),
            Post::Head => None,
        };
        match () {
            () if on < day("2023-01-01") => None,
            () if self.leaves() && on > day("2024-01-31") => None,
            () if self.is_transferred() && on >= day("2024-03-01") => Some((self.unit() + 1, None)),
            () => Some((self.unit(), place)),
        }
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn months_later(from: NaiveDate, n: u32) -> NaiveDate {
    from + chrono::Months::new(n)
}

fn csv(sandbox: &Sandbox, name: &str, header: &str, rows: impl Iterator<Item = String>) {
    let mut text = format!("{header}\n");
    for row in rows {
        writeln!(text, "{row}").unwrap();
    }
    let folder = sandbox.path("files");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.csv")), text).unwrap();
}

/// Imports what lies in the folder, and empties it.
fn import(sandbox: &Sandbox, command: &str) {
    let folder = sandbox.path("files");
    sandbox.run(&[command, "import", folder.to_str().unwrap()]).ends(0);
    let again = sandbox.run(&[command, "import", folder.to_str().unwrap(), "--json"]).ends(0).json();
    assert_eq!(again["data"]["stored"], false, "the same files a second time change nothing");
    std::fs::remove_dir_all(folder).unwrap();
}

fn register(sandbox: &Sandbox) {
    let units = (0..N_UNITS).map(|unit| format!("示例{unit:02}局,{}", credit_code(unit as u32)));
    csv(sandbox, "单位", "单位名称,统一社会信用代码", units);
    let systems = (0..N_UNITS).flat_map(|unit| {
        let code = credit_code(unit as u32);
        [format!("{code},三级系统{unit:02},3"), format!("{code},二级系统{unit:02},2")]
    });
    csv(sandbox, "系统", "单位信用代码,系统名称,等保级别", systems);
    import(sandbox, "registry");
}

fn people(sandbox: &Sandbox) {
    let roster = Person::all()
        .map(|one| format!("{},{},020-1{:07},在编", one.name(), credit_code(one.unit() as u32), one.0));
    csv(sandbox, "人员", "姓名,单位信用代码,电话,用工性质", roster);
    let posts = Person::all().map(|one| {
        let unit = one.unit();
        let (system, post) = match one.post() {
            Post::Maintainer if one.is_at_level_3() => (format!("三级系统{unit:02}"), "维护人员"),
            Post::Maintainer => (format!("二级系统{unit:02}"), "维护人员"),
            Post::Developer => (format!("三级系统{unit:02}"), "开发人员"),
            Post::Head => (String::new(), "主管"),
        };
        let role = if (one.0 / (2 * N_UNITS)).is_multiple_of(2) { "A" } else { "B" };
        format!("{},{},{system},{post},{role},2023-01-01", one.name(), credit_code(unit as u32))
    });
    csv(sandbox, "岗位", "姓名,单位信用代码,系统,岗位,A/B角,起始日期", posts);
    import(sandbox, "training");
}

fn sittings(sandbox: &Sandbox) {
    let terms =
        ["2023-1,第一期,2023-01-01,2023-06-30,FG、WH", "2023-2,第二期,2023-07-01,2023-12-31,FG、KF、GL"];
    let terms = terms.into_iter().chain(["2026-1,换证班,2026-04-01,2026-05-31,WH"]);
    csv(sandbox, "期次", "期次代码,期次名称,起始日期,截止日期,科目", terms.map(str::to_owned));
    let sittings = [
        "FG-K,2023-1,FG,2023-02-01,8,虚构讲师,,授课",
        "WH-K1,2023-1,WH,2023-03-01,8,虚构讲师,,授课",
        "WH-K2,2023-1,WH,2023-03-02,8,虚构讲师,,授课",
        "FG-E,2023-1,FG,2023-02-10,,,虚构考官,考试",
        "WH-E,2023-1,WH,2023-03-10,,,虚构考官,考试",
        "WH-R,2023-1,WH,2023-04-10,,,虚构考官,考试",
        "FG-E,2023-2,FG,2023-09-10,,,虚构考官,考试",
        "KF-E,2023-2,KF,2023-10-10,,,虚构考官,考试",
        "GL-E,2023-2,GL,2023-11-10,,,虚构考官,考试",
        "WH-E,2026-1,WH,2026-05-10,,,虚构考官,考试",
    ];
    let header = "场次代码,期次,科目,日期,学时,授课人,考官,类型";
    csv(sandbox, "场次", header, sittings.into_iter().map(str::to_owned));
    let maintainers = || Person::all().filter(|one| one.is_maintainer());
    let attendance = maintainers().flat_map(|one| {
        let came =
            |lesson: &str| if one.fate() == 0 && lesson.starts_with("WH") { "缺勤" } else { "出勤" };
        ["FG-K", "WH-K1", "WH-K2"].map(|lesson| format!("2023-1,{lesson},{},{}", one.name(), came(lesson)))
    });
    csv(sandbox, "签到", "期次,场次,姓名,出勤", attendance);
    let mut scores: Vec<String> = Vec::new();
    let mut score = |term: &str, exam: &str, one: Person, score: &str| {
        scores.push(format!("{term},{exam},{},{score},虚构录入员", one.name()));
    };
    for one in Person::all() {
        match (one.post(), one.fate()) {
            (Post::Maintainer, fate) => {
                score("2023-1", "FG-E", one, if fate == 3 { "40" } else { "80" });
                score("2023-1", "WH-E", one, if matches!(fate, 1 | 2) { "59.9" } else { "60" });
                match fate {
                    1 => score("2023-1", "WH-R", one, "65"),
                    2 => score("2023-1", "WH-R", one, "30"),
                    3 => score("2023-2", "FG-E", one, "75.5"),
                    _ => {}
                }
                if one.is_renewed() {
                    score("2026-1", "WH-E", one, "90");
                }
            }
            (Post::Developer, fate) => {
                score("2023-2", "FG-E", one, "70");
                score("2023-2", "KF-E", one, if fate == 4 { "缺考" } else { "70" });
            }
            (Post::Head, fate) => score("2023-2", "GL-E", one, if fate == 5 { "10" } else { "61" }),
        }
    }
    csv(sandbox, "成绩", "期次,场次,姓名,成绩,录入人", scores.into_iter());
    import(sandbox, "training");
    for exam in [
        "2023-1/FG-E",
        "2023-1/WH-E",
        "2023-1/WH-R",
        "2023-2/FG-E",
        "2023-2/KF-E",
        "2023-2/GL-E",
        "2026-1/WH-E",
    ] {
        sandbox.run(&["training", "release", exam, "--by", "虚构录入员"]).ends(65);
        sandbox.run(&["training", "release", exam, "--by", "虚构复核员"]).ends(0);
    }
}

fn issue(sandbox: &Sandbox, category: &str, on: &str) -> usize {
    let args = ["cert", "issue", "--category", category, "--on", on, "--without-files", "--json"];
    let issued = sandbox.run(&args).ends(0).json();
    issued["data"].as_array().unwrap().iter().filter(|one| one["refused"].is_null()).count()
}

/// Requirements that are met, by requirement: counted from the people, and as the binary says.
#[track_caller]
fn check_coverage(sandbox: &Sandbox, on: &str) {
    let shown = sandbox.run(&["training", "coverage", "--on", on, "--json"]).ends(0).json();
    let rows = shown["data"].as_array().unwrap();
    let told = |requirement: &str| {
        let own = rows.iter().filter(|row| row["requirement"] == requirement);
        let (mut n, mut n_met, mut certified) = (0, 0, 0);
        for row in own {
            n += 1;
            n_met += usize::from(row["standing"] == "met");
            certified +=
                row["certified"].as_str().unwrap().split('、').filter(|name| !name.is_empty()).count();
        }
        (n, n_met, certified)
    };
    let date = day(on);
    let certified_at = |post: Post, unit: usize, level_3: Option<bool>| -> Vec<Person> {
        let is_there = |one: &Person| {
            let Some((at, place)) = one.held(date) else { return false };
            // A post of the unit as a whole counts for each of its systems.
            let is_place = level_3.is_none() || place == level_3 || place.is_none();
            one.post() == post && at == unit && is_place && one.is_certified(date)
        };
        Person::all().filter(is_there).collect()
    };
    let sum = |post: Post, places: &[Option<bool>], is_met: &dyn Fn(&[Person]) -> bool| {
        let mut totals = (0, 0, 0);
        for unit in 0..N_UNITS {
            for place in places {
                let people = certified_at(post, unit, *place);
                totals.0 += 1;
                totals.1 += usize::from(is_met(&people));
                totals.2 += people.len();
            }
        }
        totals
    };
    let role = |one: &Person| if one.is_transferred() { None } else { Some((one.0 / (2 * N_UNITS)) % 2) };
    let backed = |people: &[Person]| {
        people.len() >= 2
            && people.iter().any(|one| role(one) == Some(0))
            && people.iter().any(|one| role(one) == Some(1))
    };
    let any = |people: &[Person]| !people.is_empty();
    assert_eq!(told("maintainer"), sum(Post::Maintainer, &[Some(true), Some(false)], &any), "on {on}");
    assert_eq!(told("maintainer-level-3"), sum(Post::Maintainer, &[Some(true)], &backed), "on {on}");
    assert_eq!(told("developer-level-3"), sum(Post::Developer, &[Some(true)], &any), "on {on}");
    assert_eq!(told("head"), sum(Post::Head, &[None], &any), "on {on}");
}

#[test]
fn years_of_two_thousand_people_come_out_as_counted_by_hand() {
    let sandbox = Sandbox::new();
    register(&sandbox);
    people(&sandbox);
    sittings(&sandbox);

    let count = |is: fn(Person) -> bool, post: Post| {
        Person::all().filter(|one| one.post() == post && is(*one)).count()
    };
    assert_eq!(issue(&sandbox, "WH", "2023-07-01"), count(Person::has_first_batch, Post::Maintainer));
    assert_eq!(issue(&sandbox, "WH", "2023-07-01"), 0, "nobody gets a second one");
    assert_eq!(issue(&sandbox, "WH", "2023-12-20"), count(Person::has_second_batch, Post::Maintainer));
    assert_eq!(issue(&sandbox, "KF", "2023-12-20"), count(Person::has_second_batch, Post::Developer));
    assert_eq!(issue(&sandbox, "GL", "2023-12-20"), count(Person::has_second_batch, Post::Head));

    for one in Person::all().filter(|one| one.is_transferred()) {
        let unit = credit_code(one.unit() as u32 + 1);
        let name = one.name();
        let args =
            ["training", "transfer", &name, "--unit", &unit, "--post", "maintainer", "--from", "2024-03-01"];
        sandbox.run(&args).ends(0);
    }
    for one in Person::all().filter(|one| one.leaves()) {
        sandbox.run(&["training", "leave", &one.name(), "--last", "2024-01-31"]).ends(0);
    }
    let shown = sandbox.run(&["training", "show", &Person(4).name(), "--json"]).ends(0).json();
    let serial = shown["data"]["certificates"][0][0].as_str().unwrap().to_owned();
    let args = ["cert", "revoke", &serial, "--reason", "测试撤销", "--on", "2023-10-01"];
    sandbox.run(&args).ends(0);
    sandbox.run(&["cert", "suspend", &serial, "--reason", "再次"]).ends(65);
    assert_eq!(issue(&sandbox, "WH", "2026-06-01"), Person::all().filter(|one| one.is_renewed()).count());

    let listed = sandbox.run(&["cert", "list", "--json"]).ends(0).json();
    let listed = listed["data"].as_array().unwrap();
    let mut serials: Vec<&str> = listed.iter().map(|one| one["serial"].as_str().unwrap()).collect();
    serials.sort_unstable();
    serials.dedup();
    let sequence = |serial: &&str| serial.split('-').nth(3).unwrap().parse::<usize>().unwrap();
    let mut sequences: Vec<usize> = serials.iter().map(sequence).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=serials.len()).collect::<Vec<_>>(), "serials have no gaps");

    for on in ["2023-06-30", "2023-11-01", "2024-02-15", "2025-01-25", "2026-06-15"] {
        check_coverage(&sandbox, on);
    }
}
