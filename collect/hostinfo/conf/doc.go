// Package conf parses file formats that several programs share: INI files as PHP, dnf and fail2ban
// write them, and the blocks and comments of Lua in the configuration of nginx and lsyncd. The
// parsers are pure functions of bytes. They redact nothing; the caller must.
package conf
