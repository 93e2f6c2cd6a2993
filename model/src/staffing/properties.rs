//! What holds for any rules, posts and certificates.

use proptest::prelude::*;

use super::*;
use crate::id::{CountingMint, StaffId};

const DAY: &str = "2026-11-23";

/// Who, A or B, for the system or for the unit, days in post.
type Post = (usize, Option<Role>, bool, u16);

fn any_post() -> impl Strategy<Value = Post> {
    let role = prop_oneof![Just(None), Just(Some(Role::A)), Just(Some(Role::B))];
    (0..6usize, role, any::<bool>(), 0..200u16)
}

fn any_rule() -> impl Strategy<Value = Requirement> {
    (0..2u8, 1..4u8, any::<bool>(), prop_oneof![Just(0u16), 1..120u16]).prop_map(
        |(per, head_count, needs_backup, grace_days)| Requirement {
            id: "r".into(),
            post: PostKind::Maintainer,
            per: if per == 0 { Per::System } else { Per::Unit },
            category: "WH".into(),
            min_level: None,
            exposed_only: false,
            head_count,
            needs_backup,
            grace_days,
            effective: "2026-01-01".parse().expect("a day"),
            source: String::new(),
        },
    )
}

fn standings(rules: &[Requirement], posts: &[Post], certified: &HashSet<usize>) -> Vec<CoverStanding> {
    let mint = &mut CountingMint::default();
    let (unit, system) = (UnitId::mint(mint), SystemId::mint(mint));
    let people: Vec<StaffId> = (0..6).map(|_| StaffId::mint(mint)).collect();
    let day: NaiveDate = DAY.parse().expect("a day");
    let holdings: Vec<HoldingFacts> = posts
        .iter()
        .map(|(who, role, is_of_system, days)| HoldingFacts {
            staff: people[*who],
            unit,
            system: is_of_system.then_some(system),
            post: PostKind::Maintainer,
            role: *role,
            held: Interval::new(Some(day - Days::new(u64::from(*days))), None).expect("an open interval"),
        })
        .collect();
    let holders: HashSet<StaffId> = certified.iter().map(|who| people[*who]).collect();
    let known = Known {
        day,
        units: &[unit],
        systems: &[SystemFacts { id: system, unit, level: None, is_exposed: true }],
        holdings: &holdings,
        certified: &Certified::from([("WH".to_owned(), holders)]),
    };
    cover(rules, &known).into_iter().map(|one| one.standing).collect()
}

proptest! {
    #[test]
    fn more_people_and_more_certificates_make_nothing_worse(
        rules in prop::collection::vec(any_rule(), 1..4),
        posts in prop::collection::vec(any_post(), 0..6),
        more_posts in prop::collection::vec(any_post(), 0..3),
        certified in prop::collection::hash_set(0..6usize, 0..4),
        more_certified in prop::collection::hash_set(0..6usize, 0..4),
    ) {
        let before = standings(&rules, &posts, &certified);
        let posts: Vec<Post> = posts.into_iter().chain(more_posts).collect();
        let certified: HashSet<usize> = certified.into_iter().chain(more_certified).collect();
        let after = standings(&rules, &posts, &certified);
        prop_assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(after <= before, "{:?} became {:?}", before, after);
        }
    }

    #[test]
    fn a_requirement_is_met_by_certified_people_in_the_post_and_by_nothing_else(
        rules in prop::collection::vec(any_rule(), 1..2),
        posts in prop::collection::vec(any_post(), 0..6),
        certified in prop::collection::hash_set(0..6usize, 0..4),
    ) {
        let met = standings(&rules, &posts, &certified)[0] == CoverStanding::Met;
        let in_post: HashSet<usize> = posts.iter().map(|post| post.0).collect();
        let n = in_post.intersection(&certified).count();
        let has = |role| posts.iter().any(|post| certified.contains(&post.0) && post.1 == Some(role));
        let has_backup = !rules[0].needs_backup || (has(Role::A) && has(Role::B));
        prop_assert_eq!(met, n >= usize::from(rules[0].head_count) && has_backup);
    }
}
