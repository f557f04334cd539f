-- want: ^unavailable 86_no_check.lua: 
return 1
