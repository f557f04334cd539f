// Package service looks at the servers that run on the host: databases, caches, web servers.
package service
