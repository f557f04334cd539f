package remote

// pingNotPermitted is the status where no ICMP socket can be opened.
const pingNotPermitted = "ping needs an administrator's rights on this system"
