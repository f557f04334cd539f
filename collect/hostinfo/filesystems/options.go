package filesystems

import (
	"strings"

	"virgo/collect/hostinfo/redact"
)

// showOptions shows a list of mount options: names. A password may have a comma in it, so a word without a
// value is shown only if it is a known option.
func showOptions(show redact.Arguments, options string) string {
	return show.Options(strings.Split(options, ","), ",", mountFlags())
}

// mountFlags are the options without a value of mount(8), of the common file systems, and of systemd.
func mountFlags() []string {
	return []string{
		"acl", "async", "atime", "auto", "barrier", "bind", "bg", "cache", "compress", "cto", "data_err", "defaults", "delalloc",
		"dev", "diratime", "dirsync", "discard", "exec", "extra", "fg", "flush", "forcedirectio", "grpid", "group",
		"hard", "iversion", "intr", "lazytime", "lock", "loop", "loud", "mand", "mapposix", "mfsymlinks", "nfail", "noacl",
		"noatime", "noauto", "noac", "nobarrier", "nobrl", "nocto", "nodelalloc", "nodev", "nodiratime", "nodiscard",
		"noexec", "nofail", "nogrpid", "nohide", "noiversion", "nolazytime", "noload", "nolock", "nolargeio", "nomand",
		"nomapposix", "noperm", "noposix", "noquota", "norecovery", "norelatime", "noresvport", "noserverino", "nosharecache",
		"nosuid", "nostrictatime", "nosymfollow", "nouser", "nouser_xattr", "nouuid", "nointr", "owner", "posix", "posixacl",
		"private", "quota", "rbind", "rdirplus", "nordirplus", "relatime", "remount", "resvport", "ro", "rprivate", "rshared",
		"rslave", "rw", "serverino", "setuids", "shared", "sharecache", "showexec", "silent", "slave", "soft", "softreval",
		"ssd", "ssd_spread", "strictatime", "suid", "sw", "swalloc", "sync", "sys_immutable", "tcp", "udp", "unbindable",
		"unhide", "user", "user_xattr", "users", "usrquota", "grpquota", "prjquota", "utf8", "wsync", "xattr", "noxattr",
		"x-systemd.automount", "x-systemd.growfs", "x-systemd.makefs", "_netdev", "_rnetdev", "allow_other", "default_permissions",
		"attr2", "inode32", "inode64", "largeio", "space_cache", "nospace_cache", "autodefrag", "noautodefrag", "datacow",
		"nodatacow", "nodatasum", "datasum", "seclabel", "i_version", "journal_checksum", "dioread_nolock", "exclusive",
		"local", "noswap", "nr_blocks", "rq", "zfsutil", "nsdelegate", "memory_recursiveprot", "private_mounts", "grpjquota",
	}
}

// showDevice shows what is mounted: a device, an id, SERVER:PATH, //SERVER/SHARE, a URL's host. Names that look
// random are shown where they are ids.
func showDevice(device string) string {
	kind, id, ok := strings.Cut(device, "=")
	if ok && isDeviceID(kind) && strings.Trim(id, "0123456789abcdefABCDEF-\"") == "" {
		return device
	}
	if id, ok := strings.CutPrefix(device, "/dev/"); ok && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:+-/") == "" {
		return device
	}
	return redact.Value("", device)
}

func isDeviceID(kind string) bool { return kind == "UUID" || kind == "PARTUUID" }
