package schedule

// A Role says what a detail decides. The owner's policy (package policy) compares the value accordingly.
type Role string

// The roles. Every detail of every type has one.
const (
	// Free is a time limit or a threshold: an endpoint may always set it.
	Free Role = "free"
	// Match is a regular expression for the answer of a page or port that is allowed anyway.
	Match Role = "match"
	// Other is compared as text.
	Other Role = "other"
	// Switch is true or false.
	Switch Role = "switch"
	// Owner is true or false, and for checks of the host's own alone: no rule lets an endpoint set it.
	Owner Role = "owner"
	// Regexp is a regular expression that tells what a file or a process of this host holds.
	Regexp Role = "regexp"
	// Path is a file of this host, which may be a pattern for several; Credentials is one with
	// passwords of this host, and the destination that they are for.
	Path        Role = "path"
	Credentials Role = "credentials"
	// Program is a program below the plugin folder; Arguments are its arguments.
	Program   Role = "program"
	Arguments Role = "arguments"
	// URL, Host, Port, Address (host or host:port), Socket (a Unix socket's path), Proxy (agent, or a
	// proxy's URL) and Instance (of SQL Server, HOST\NAME) decide where a check goes.
	URL      Role = "url"
	Host     Role = "host"
	Port     Role = "port"
	Address  Role = "address"
	Socket   Role = "socket"
	Proxy    Role = "proxy"
	Instance Role = "instance"
	// DomainName is a name that is asked for, or that a certificate must have.
	DomainName Role = "name"
	// Headers are those of a request over HTTP; Host is one.
	Headers Role = "headers"
	// Secret is a password; it is never shown, and may be a reference to one of the owner's secrets.
	Secret Role = "secret"
)
