//! The account that a program runs as.

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

use super::{field::Fields, file, types::Account};

/// Looks up the account, so that an unknown name is reported before anything starts. `None` means ours.
pub(super) fn account(program: &file::Program, fields: &mut Fields<'_>) -> Option<Account> {
    if program.user.is_none() && program.group.is_none() {
        return None;
    }
    let name = fields.text("user", program.user.as_deref().unwrap_or_default());
    let number = if name.is_empty() { Some(Uid::current().as_raw()) } else { name.parse::<u32>().ok() };
    let user = match number {
        Some(id) => User::from_uid(Uid::from_raw(id)),
        None => User::from_name(&name),
    };
    let group = program.group.as_deref().map(|group| fields.text("group", group));
    let found = group.as_ref().map(|group| match group.parse::<u32>() {
        Ok(id) => Some(Gid::from_raw(id)),
        Err(_) => Group::from_name(group).ok().flatten().map(|group| group.gid),
    });
    if let (Some(group), Some(None)) = (&group, found) {
        fields.fault("group", format!("there is no group `{group}`; a number needs no entry"));
    }
    // A number needs no entry in the table of users.
    let (uid, gid, known) = match (user, number) {
        (Ok(Some(user)), _) => (user.uid, user.gid, Some(user)),
        (_, Some(id)) => (Uid::from_raw(id), Gid::from_raw(id), None),
        _ => {
            fields.fault("user", format!("there is no user `{name}`; a number needs no entry"));
            return None;
        }
    };
    let gid = found.flatten().unwrap_or(gid);
    let own = (Uid::effective(), Gid::effective());
    // Without a right to change it, whoever is meant anyway keeps the group that there is.
    let keeps_group = found.is_none() && !own.0.is_root();
    if uid == own.0 && (gid == own.1 || keeps_group) {
        return None;
    }
    if uid == own.0 && !own.0.is_root() {
        fields.fault("group", format!("only root can run programs with a group other than `{}`", own.1));
        return None;
    }
    if !own.0.is_root() {
        fields.fault("user", format!("only root can run programs as a user other than `{}`", own.0));
        return None;
    }
    let named = known.as_ref().and_then(|user| std::ffi::CString::new(user.name.as_str()).ok());
    let groups = named.and_then(|name| getgrouplist(&name, gid).ok()).unwrap_or_else(|| vec![gid]);
    let groups = groups.into_iter().map(Gid::as_raw).collect();
    let home = known.as_ref().map_or_else(|| "/".into(), |user| user.dir.clone());
    Some(Account { uid: uid.as_raw(), gid: gid.as_raw(), groups, name: known.map(|user| user.name), home })
}
