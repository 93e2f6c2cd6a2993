//! A unit of a holder, a contact and two leaders, and mails as days go by.

mod openings;

use std::collections::{BTreeMap, HashSet};

use model::credit_code::CreditCode;
use model::id::{CountingMint, HoldingId, PersonId, PostCertificateId, StaffId};
use model::interval::Interval;
use model::post::PostKind;
use model::register::{Person, Unit};

use super::*;
use crate::certificates::{CertificateAct, CertificateEvent, PostCertificate, Printed, ReviewDue};
use crate::people::{Employment, Holding, KeptIdNumber, Staff};
use crate::records::Records;

fn date(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

/// What is recorded, with ids of one mint.
struct World {
    mint: CountingMint,
    records: Records,
    register: Register,
    scheme: Scheme,
}

impl World {
    /// One unit and no people.
    fn new() -> World {
        let mut mint = CountingMint::default();
        let unit = Unit {
            id: UnitId::mint(&mut mint),
            code: CreditCode::with_check_symbol("11440100MB0000001").expect("a code"),
            name: "示例局".into(),
            parent: None,
            region: None,
            region_valid: Interval::ALWAYS,
            valid: Interval::ALWAYS,
        };
        let register = Register { units: vec![unit], ..Register::default() };
        World { mint, records: Records::default(), register, scheme: Scheme::embedded() }
    }

    /// A maintainer 虚构甲, a contact 虚构乙, a responsible person 虚构丙.
    fn usual() -> World {
        let mut world = World::new();
        world.person("虚构甲", Some("jia@example.com"), PostKind::Maintainer);
        world.person("虚构丙", Some("bing@example.com"), PostKind::ResponsiblePerson);
        world.contact("虚构乙", Some("yi@example.com"));
        world.certify(0, "GWSG-2026-WH-000001-K", "WH", "2026-12-31");
        world
    }

    fn person(&mut self, name: &str, email: Option<&str>, post: PostKind) {
        let id = StaffId::mint(&mut self.mint);
        self.records.staff.push(Staff {
            id,
            name: name.into(),
            unit: None,
            employment: Employment::Staff,
            phone: Some("020-0000-0001".into()),
            email: email.map(Into::into),
            id_number: Some(KeptIdNumber { index: format!("i-{name}"), sealed: "sealed-secret".into() }),
            forgotten_on: None,
        });
        self.records.holdings.push(Holding {
            id: HoldingId::mint(&mut self.mint),
            staff: id,
            unit: self.register.units[0].id,
            system: None,
            post,
            role: None,
            from: date("2020-01-01"),
            until: None,
            ended_because: None,
        });
    }

    fn contact(&mut self, name: &str, email: Option<&str>) {
        self.register.people.push(Person {
            id: PersonId::mint(&mut self.mint),
            unit: self.register.units[0].id,
            name: name.into(),
            post: Some("信息安全联络员".into()),
            phone: None,
            email: email.map(Into::into),
        });
    }

    fn certify(&mut self, staff: usize, serial: &str, category: &str, until: &str) {
        let (issued_on, valid_until) = (date("2024-01-01"), date(until));
        let staff = self.records.staff[staff].id;
        let period = 1 + self.records.certificates.iter().filter(|one| one.serial == serial).count() as u16;
        self.records.certificates.push(PostCertificate {
            id: PostCertificateId::mint(&mut self.mint),
            staff,
            category: category.into(),
            serial: serial.into(),
            period,
            edition: 1,
            token: String::new(),
            issued_on,
            valid_until,
            review: None,
            printed: Printed {
                issuer: String::new(),
                title: String::new(),
                name: String::new(),
                unit: String::new(),
                post: String::new(),
                serial: serial.into(),
                issued_on,
                valid_until,
                review_due: None,
                topics: vec![],
                scheme: String::new(),
                old_number: None,
            },
            statement: String::new(),
            files: BTreeMap::new(),
        });
    }

    fn wanted(&self, day: &str) -> Wanted {
        let book = Book::of(&self.records);
        wanted(&book, self.asked(day))
    }

    fn asked(&self, day: &str) -> Asked<'_> {
        let is_address: &'static (dyn Fn(&str) -> bool + Sync) =
            &|text| text.contains('@') && !text.contains(' ');
        Asked { scheme: &self.scheme, register: &self.register, day: date(day), is_address }
    }

    fn plan(&self, day: &str, kept: &Kept) -> MailChange {
        plan(&self.wanted(day), kept, date(day), "示例中心")
    }
}

/// Who is told on a day: address, step.
#[track_caller]
fn check(world: &World, day: &str, expected: &[(&str, u16)]) {
    let told = world.wanted(day).lines;
    let told: Vec<(&str, u16)> = told.iter().map(|line| (line.address.as_str(), line.step)).collect();
    assert_eq!(told, expected, "{day}");
}

/// The queue after a plan, everything sent or everything still queued.
fn keep(kept: &Kept, change: &MailChange, state: MailState) -> Kept {
    let mut kept = kept.clone();
    let gone = |id: &str| change.withdrawn.iter().any(|one| one.id == id);
    kept.unsent.retain(|mail| !gone(&mail.id));
    for revised in &change.revised {
        let mail = kept.unsent.iter_mut().find(|mail| mail.id == revised.id).expect("a known mail");
        mail.subject = revised.subject.clone();
        mail.body = revised.body.clone();
        mail.keys = revised.keys.clone();
    }
    for new in &change.new {
        kept.keys.extend(new.keys.keys().cloned());
        let at = date("2026-01-01").and_hms_opt(0, 0, 0).expect("midnight").and_utc();
        if state != MailState::Sent {
            kept.unsent.push(KeptMail {
                id: new.id.clone(),
                address: new.address.clone(),
                name: new.name.clone(),
                subject: new.subject.clone(),
                body: new.body.clone(),
                keys: new.keys.keys().cloned().collect(),
                state,
                queued_at: at,
                n_tries: 0,
                n_cut_off: 0,
                last_error: None,
                not_before: at,
                sent_at: None,
            });
        }
    }
    kept
}

#[test]
fn each_step_tells_holder_and_contact_and_the_last_ones_the_leader() {
    let world = World::usual();
    let (jia, yi, bing) = ("jia@example.com", "yi@example.com", "bing@example.com");
    check(&world, "2026-10-01", &[]);
    check(&world, "2026-10-02", &[(jia, 90), (yi, 90)]);
    check(&world, "2026-10-31", &[(jia, 90), (yi, 90)]);
    check(&world, "2026-11-01", &[(jia, 60), (yi, 60)]);
    check(&world, "2026-12-01", &[(jia, 30), (yi, 30), (bing, 30)]);
    check(&world, "2026-12-24", &[(jia, 7), (yi, 7), (bing, 7)]);
    check(&world, "2026-12-31", &[(jia, 7), (yi, 7), (bing, 7)]);
    check(&world, "2027-01-07", &[(jia, 7), (yi, 7), (bing, 7)]);
    check(&world, "2027-01-08", &[]);
}

#[test]
fn a_year_of_days_sends_each_step_once_also_when_days_are_missed() {
    let world = World::usual();
    for every in [1, 3, 7, 20, 45] {
        let mut kept = Kept::default();
        let mut sent: BTreeMap<String, u32> = BTreeMap::new();
        for n in (0..365).step_by(every) {
            let day = date("2026-06-01") + chrono::Days::new(n);
            let change = world.plan(&day.to_string(), &kept);
            for mail in &change.new {
                *sent.entry(mail.address.clone()).or_default() += 1;
            }
            kept = keep(&kept, &change, MailState::Sent);
        }
        let most = if every <= 20 { 4 } else { 3 };
        assert!(sent["jia@example.com"] <= most && sent["jia@example.com"] >= 2, "every {every}: {sent:?}");
        if every <= 7 {
            assert_eq!(sent["jia@example.com"], 4, "every {every}");
            assert_eq!(sent["bing@example.com"], 2, "every {every}");
        }
    }
}

#[test]
fn a_mail_that_could_not_be_sent_is_told_anew_and_gives_way_to_the_next_step() {
    let mut world = World::usual();
    let first = world.plan("2026-10-02", &Kept::default());
    assert_eq!(first.new.len(), 2);
    let kept = keep(&Kept::default(), &first, MailState::Queued);
    assert!(world.plan("2026-10-02", &kept).is_empty(), "nothing changes within the day");
    // Days pass: the same mail, other words.
    let later = world.plan("2026-10-05", &kept);
    assert_eq!((later.new.len(), later.revised.len(), later.withdrawn.len()), (0, 2, 0));
    assert!(later.revised[0].body.contains("还有 87 天"), "{}", later.revised[0].body);
    assert_eq!(later.revised[0].id, kept.unsent[0].id);
    // The next step takes its place, so that nobody gets two.
    let next = world.plan("2026-11-03", &kept);
    assert_eq!((next.new.len(), next.revised.len(), next.withdrawn.len()), (2, 0, 2));
    // What the server refused waits for a person, and is no reason for another mail.
    let refused = keep(&Kept::default(), &first, MailState::Failed);
    assert!(world.plan("2026-10-05", &refused).is_empty());
    // Whoever is sending is left alone.
    let claimed = keep(&Kept::default(), &first, MailState::Claimed);
    assert!(world.plan("2026-11-03", &claimed).withdrawn.is_empty());
    // Renewed: nothing is due any more.
    world.certify(0, "GWSG-2026-WH-000001-K", "WH", "2029-12-31");
    let renewed = world.plan("2026-10-05", &kept);
    assert_eq!((renewed.new.len(), renewed.revised.len(), renewed.withdrawn.len()), (0, 0, 2));
}

#[test]
fn several_certificates_of_one_recipient_go_in_one_mail() {
    let mut world = World::usual();
    world.person("虚构丁", Some("ding@example.com"), PostKind::Maintainer);
    world.certify(2, "GWSG-2026-WH-000002-8", "WH", "2026-12-30");
    let change = world.plan("2026-10-02", &Kept::default());
    let to_contact: Vec<_> = change.new.iter().filter(|mail| mail.address == "yi@example.com").collect();
    assert_eq!((change.new.len(), to_contact.len()), (3, 1));
    assert_eq!(to_contact[0].subject, "上岗证提醒：2 项，最近 2026-12-30");
    assert!(
        to_contact[0].body.contains("虚构甲（示例局）") && to_contact[0].body.contains("虚构丁（示例局）")
    );
    // One of them is renewed while the mail waits: it is dropped from it, and the mail stays the same mail.
    let kept = keep(&Kept::default(), &change, MailState::Queued);
    world.certify(2, "GWSG-2026-WH-000002-8", "WH", "2029-12-30");
    let renewed = world.plan("2026-10-02", &kept);
    assert_eq!((renewed.new.len(), renewed.revised.len(), renewed.withdrawn.len()), (0, 1, 1));
    assert!(!renewed.revised[0].body.contains("虚构丁"));
}

#[test]
fn one_address_is_told_once_and_a_leader_is_not_led_by_themselves() {
    let mut world = World::new();
    world.person("虚构丙", Some("Bing@example.com"), PostKind::ResponsiblePerson);
    world.person("虚构戊", Some("wu@example.com"), PostKind::Head);
    world.contact("虚构丙", Some("bing@EXAMPLE.com"));
    world.certify(0, "GWSG-2026-GL-000001-K", "GL", "2026-12-31");
    check(&world, "2026-12-01", &[("Bing@example.com", 30), ("wu@example.com", 30)]);
    assert_eq!(world.wanted("2026-12-01").unreachable, []);
}

#[test]
fn nobody_is_dropped_in_silence() {
    let mut world = World::new();
    world.person("虚构甲", None, PostKind::Maintainer);
    world.person("虚构丙", Some("not an address"), PostKind::ResponsiblePerson);
    world.person("虚构戊", Some("wu@example.com"), PostKind::Head);
    world.certify(0, "GWSG-2026-WH-000001-K", "WH", "2026-12-31");
    check(&world, "2026-12-01", &[("wu@example.com", 30)]);
    let why: Vec<WhyNot> = world.wanted("2026-12-01").unreachable.into_iter().map(|one| one.why).collect();
    let (name, address) = ("虚构丙".to_owned(), "not an address".to_owned());
    assert_eq!(
        why,
        [
            WhyNot::NoAddress { because: Because::Holder, name: "虚构甲".into() },
            WhyNot::Nobody { because: Because::Contact },
            WhyNot::Unusable { because: Because::Leader, name, address },
        ]
    );
}

#[test]
fn of_a_holder_with_posts_in_two_units_each_contact_is_told_and_the_holder_once() {
    let mut world = World::usual();
    let second = UnitId::mint(&mut world.mint);
    world.register.units.push(Unit {
        id: second,
        name: "示例二局".into(),
        ..world.register.units[0].clone()
    });
    let also =
        Holding { id: HoldingId::mint(&mut world.mint), unit: second, ..world.records.holdings[0].clone() };
    world.records.holdings.push(also);
    world.contact("虚构己", Some("ji@example.com"));
    world.register.people.last_mut().expect("the one just added").unit = second;
    let (jia, yi, ji) = ("jia@example.com", "yi@example.com", "ji@example.com");
    check(&world, "2026-10-02", &[(jia, 90), (yi, 90), (ji, 90)]);
    let book = Book::of(&world.records);
    let digests = digests(&book, world.asked("2026-10-02"), &HashSet::new());
    let named: Vec<&str> = digests.iter().map(|digest| digest.name.as_str()).collect();
    assert_eq!(named, ["示例二局", "示例局"]);
    world.records.staff[0].email = None;
    let why: Vec<WhyNot> = world.wanted("2026-10-02").unreachable.into_iter().map(|one| one.why).collect();
    assert_eq!(why, [WhyNot::NoAddress { because: Because::Holder, name: "虚构甲".into() }]);
}

#[test]
fn a_review_is_reminded_of_until_it_is_made() {
    let mut world = World::usual();
    let review =
        ReviewDue { on: date("2026-06-30"), from: date("2026-05-01"), counts_until: date("2026-07-30") };
    world.records.certificates[0].review = Some(review);
    check(&world, "2026-06-25", &[("jia@example.com", 7), ("yi@example.com", 7), ("bing@example.com", 7)]);
    let key = &world.wanted("2026-06-25").lines[0].key;
    assert_eq!(key, "GWSG-2026-WH-000001-K/1/review/7/jia@example.com");
    world.records.events.push(CertificateEvent {
        certificate: world.records.certificates[0].id,
        on: date("2026-06-20"),
        at: date("2026-06-20").and_hms_opt(4, 0, 0).expect("noon").and_utc(),
        what: CertificateAct::Reviewed,
        reason: "测试".into(),
        decided_by: "虚构丁".into(),
    });
    check(&world, "2026-06-25", &[]);
}

#[test]
fn a_name_moves_neither_line_nor_header_and_no_number_is_told() {
    let mut world = World::usual();
    world.records.staff[0].name = "虚构甲\r\nBcc: x@example.com\n\u{202e}某".into();
    let change = world.plan("2026-12-01", &Kept::default());
    for mail in &change.new {
        assert!(!mail.name.contains(['\r', '\n', '\u{202e}']) && !mail.subject.contains(['\r', '\n']));
        assert!(!mail.body.lines().any(|line| line.starts_with("Bcc")), "{}", mail.body);
        for secret in ["sealed", "i-虚构", "020-0000"] {
            assert!(!mail.body.contains(secret), "{}", mail.body);
        }
    }
}

#[test]
fn a_digest_lists_each_unit_once_with_whom_a_mail_reaches() {
    let world = World::usual();
    let book = Book::of(&world.records);
    let digests = digests(&book, world.asked("2026-12-01"), &HashSet::new());
    assert_eq!(digests.len(), 1);
    let row = &digests[0].rows[0];
    assert_eq!(
        (row.item.holder.as_str(), row.item.days_left, row.posts.as_slice()),
        ("虚构甲", 30, &[PostKind::Maintainer][..])
    );
    assert_eq!(row.told, [Because::Holder, Because::Contact, Because::Leader]);
}

#[test]
fn tries_come_further_apart_up_to_six_hours() {
    let now = date("2026-01-01").and_hms_opt(0, 0, 0).expect("midnight").and_utc();
    let minutes = [0, 1, 2, 3, 7, 8, 200, u32::MAX].map(|n| (next_try(n, now) - now).num_minutes());
    assert_eq!(minutes, [5, 5, 10, 20, 320, 360, 360, 360]);
}
