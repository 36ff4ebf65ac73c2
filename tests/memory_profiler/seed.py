# The function that demo's default job mirrors, for memory_profiler to measure.
import random
from memory_profiler import profile
from typing import List, Tuple


@profile
def test_func(numbers: List[int]) -> Tuple[int, list, list]:
    summary = sum(numbers)
    list_to_db = [{'num': num} for num in numbers]
    num_to_str = [str(num) for num in numbers]
    return summary, list_to_db, num_to_str


data = [random.randint(1,100) for i in range(100000)]
result = test_func(data)
