"""Sentences to damage answers with: marketing talk, and boilerplate in another language."""

from __future__ import annotations

MARKETING = (
    "Our forward-looking approach unlocks transformative value across the entire ecosystem.",
    "By leveraging synergies, teams move the needle and create a holistic experience.",
    "This cutting-edge capability empowers people to reimagine the future of work.",
    "A seamless, end-to-end journey delights everyone and drives sustainable growth.",
    "World-class excellence is achieved by embracing a culture of innovation.",
    "It is a true game changer that takes the business to the next level.",
    "State-of-the-art thinking ensures that nobody is left behind on the road to success.",
    "Best-in-class outcomes follow naturally from a robust and scalable mindset.",
    "In an ever-changing world, agility is the key to unlocking competitive advantage.",
    "The result is a paradigm shift that turns challenges into opportunities.",
    "Strategic alignment and continuous improvement go hand in hand at every step.",
    "Together, these elements form a powerful foundation for lasting impact.",
    "A customer-centric vision inspires teams to go above and beyond.",
    "With disruptive ideas, the sky is the limit for visionary leaders.",
    "Digital transformation is at the heart of everything that is done here.",
    "Proactive collaboration maximizes value creation and minimizes friction.",
)

SPANISH = (
    "El equipo responsable coordina las tareas con las áreas implicadas y revisa los avances de forma periódica.",
    "Es importante mantener una comunicación fluida para alcanzar los objetivos de la organización.",
    "Se documentan los resultados y se comparten las lecciones aprendidas con todos los interesados.",
    "La dirección aprueba los cambios relevantes y asigna los recursos necesarios en cada etapa.",
    "Las herramientas disponibles permiten trabajar con mayor eficiencia y reducir los errores más frecuentes.",
    "Cada participante conoce sus responsabilidades y cumple con los plazos acordados previamente.",
    "La mejora continua se apoya en indicadores claros y en la participación de toda la plantilla.",
    "Los riesgos se identifican a tiempo y se tratan según las políticas internas vigentes.",
    "Una planificación adecuada facilita la ejecución y evita retrasos en las fases posteriores.",
    "El seguimiento regular ayuda a tomar decisiones informadas y a corregir las desviaciones detectadas.",
    "La formación del personal garantiza que los procedimientos se apliquen de manera uniforme.",
    "Se recomienda revisar los procedimientos al menos una vez al año y actualizar la documentación.",
)
