package remote

// echoNeeds is the status where no echo can be sent (icmp(7), capabilities(7)).
const echoNeeds = `ping needs a right that this user lacks: as root, run ` +
	`"sysctl -w net.ipv4.ping_group_range='0 2147483647'" or "setcap cap_net_raw+ep" on the program virgo-checks`
