package remote

// pingNotPermitted is the status where no ICMP socket can be opened (icmp(7), capabilities(7)).
// It does not propose "setcap cap_net_raw+ep" on virgo, which would let every user of the host open raw
// sockets with it.
const pingNotPermitted = `this user may not ping: as root, run ` +
	`"sysctl -w net.ipv4.ping_group_range='0 2147483647'", or run virgo as root`
