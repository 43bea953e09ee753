"""What a teacher has of Every Seat in a course: its people, how far they are, and what they handed in."""
