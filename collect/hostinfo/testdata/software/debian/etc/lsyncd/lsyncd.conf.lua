----
-- User configuration file for lsyncd.
--
settings {
	logfile = "/var/log/lsyncd.log",
	statusFile = "/var/run/lsyncd.status"
}

--[[ not any more:
sync { default.rsync, source = "/old", target = "/older" }
]]
sync{default.rsync, source="/srv/shop", target="backup.example.org::shop", rsync = { archive = true }}

sync {
	default.rsyncssh,
	source    = "/var/www/blog", -- the blog
	host      = 'web2.example.org',
	targetdir = "/var/www/blog",
	delay     = 5,
}
