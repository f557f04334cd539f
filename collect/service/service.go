package service

import "virgo/collect"

// Types returns the check types of this package, in the order to show them.
func Types() []collect.Type {
	ps := newPowerShell()
	return append([]collect.Type{
		redisType(),
		memcachedType(),
		mysqlType(),
		postgresType(),
		apacheType(),
		nginxType(),
		httpJSONType(),
		windowsPerfOSType(ps),
		mssqlVersionType(ps),
		mssqlDatabaseType(ps),
	}, mssqlCounterTypes(ps)...)
}
