// Package descriptors keeps from the agent's children what the agent itself was left by whoever started
// it: the lock of a crontab's line, redirections of a shell, sockets. A plugin or a worker may run as
// another user, to whom an open file of root is as good as the permission to read it. The descriptors that
// the agent opens itself are closed by Go.
package descriptors
