SELECT check_date, check_name, pass_rate, failed_records, total_records
FROM quality_check_log
WHERE pipeline = :pipeline AND check_date BETWEEN :from AND :ds
ORDER BY check_date, check_no
