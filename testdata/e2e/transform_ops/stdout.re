\{"id": ?"1", ?"item": ?"tea", ?"amount": ?1234.50, ?"new": ?\[1, 2.0\]\}
\{"id": ?"3", ?"item": ?"", ?"amount": ?-7\}
step two: [01]
