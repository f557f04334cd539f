package service

import "virgo/collect"

// Types gives the checks of this package, in the order to show them.
func Types() []collect.Type {
	ps := systemPowerShell()
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
